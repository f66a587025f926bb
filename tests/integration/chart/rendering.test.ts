/** What the chart renders for a matrix of values: the same with Helm 3 and Helm 4, and all of it to a real API server's liking. */
import { beforeAll, describe, expect, it } from 'vitest';

import { chartValues } from '../../../dev/chart/values-file.ts';
import { helm, type HelmMajor, renderChart, templateChart, CHART } from '../../../dev/helm.ts';
import { installation } from '../../../dev/install/manifests.ts';
import { type AnyObject, applyObject } from '../../support/kube.ts';
import { applyDefinition, applyMonitoringDefinitions, dryRun } from './objects.ts';
import { MATRIX, WRONG } from './values.ts';

const CASES = Object.entries(MATRIX);
const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' };

async function refusals(objects: readonly AnyObject[]): Promise<readonly string[]> {
  const answers = await Promise.all(objects.map(async (object) => ({ object, ...(await dryRun(object)) })));
  return answers.filter(({ code }) => code >= 300).map(({ object, code, body }) => `${code} ${object.kind} ${body.message}`);
}

/** Of Deployments, Jobs and tests: what a controller would send. */
function podsOf(objects: readonly AnyObject[]): readonly AnyObject[] {
  return objects
    .filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))
    .map(({ kind, metadata: { name, namespace }, spec }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: String(namespace) },
      spec: kind === 'Pod' ? spec : spec.template.spec,
    }));
}

function account(namespace: string | undefined, name: string): AnyObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: String(namespace) } };
}

/** Helm 3 and 4 sort kinds that they do not know differently, which makes no difference to what is installed. */
function byName(objects: readonly object[]): Readonly<Record<string, object>> {
  const named = (objects as readonly AnyObject[]).map(
    (object) => [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object] as const,
  );
  expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
  return Object.fromEntries(named);
}

beforeAll(async () => {
  const crds = installation().filter(({ kind }) => kind === 'CustomResourceDefinition') as readonly AnyObject[];
  for (const crd of crds) await applyDefinition(crd);
  await applyMonitoringDefinitions();
  // In a dry run nothing is made that the next object would need.
  for (const name of ['studio-system', 'studio-tenants', 'studio-trials', 'databases'])
    await applyObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: RESTRICTED } });
});

describe.each(CASES)('with %s', (_, values) => {
  it('Helm 3 and Helm 4 render the same', async () => {
    const [three, four] = await Promise.all(([3, 4] as const).map((major) => renderChart({ values, major })));
    expect(byName(three ?? [])).toEqual(byName(four ?? []));
  });

  it('the API server takes every object, and knows every field of it', async () => {
    const objects = ((await renderChart({ values })) as readonly AnyObject[]).filter(({ kind }) => kind !== 'Pod');
    expect(objects.length).toBeGreaterThan(10);
    expect(await refusals(objects)).toEqual([]);
  });

  it('its pods get into a namespace that takes restricted pods alone', async () => {
    const pods = podsOf((await renderChart({ values })) as readonly AnyObject[]);
    expect(pods.length).toBeGreaterThan(0);
    // A pod's account is looked up even in a dry run.
    for (const { metadata, spec } of pods) await applyObject(account(metadata.namespace, spec.serviceAccountName));
    expect(await refusals(pods)).toEqual([]);
  });
});

it('takes a release whose name YAML takes for a number', async () => {
  const values = { ...MATRIX['network policies and the application'], fullnameOverride: 'studio' };
  const rendered = (await renderChart({ values, release: '1234' })) as readonly AnyObject[];
  expect(await refusals(rendered.filter(({ kind }) => kind !== 'Pod'))).toEqual([]);
});

it('lets an application be reached from other namespaces in a cluster with a domain of its own', async () => {
  const application = { enabled: true, service: { externalNames: true } };
  const values = { ...MATRIX['several namespaces'], application, clusterDomain: 'k8s.example' };
  const services = ((await renderChart({ values })) as readonly AnyObject[]).filter(({ spec }) => spec?.type === 'ExternalName');
  expect(services.map(({ spec }) => spec.externalName)).toEqual(['studio-app.studio-tenants.svc.k8s.example']);
});

it('gives no right to change plans and releases, nor to hold them', async () => {
  const rendered = (await renderChart({ values: MATRIX['the least there must be'] ?? {} })) as readonly AnyObject[];
  const role = rendered.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'studio-operator');
  const rules = role?.['rules'] as readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  const verbsOn = (kind: string): readonly string[] =>
    rules.filter(({ resources }) => resources.includes(kind)).flatMap(({ verbs }) => verbs);
  for (const kind of ['schemareleases', 'tenantplans']) expect(verbsOn(kind)).toEqual(['get', 'list', 'watch']);
  expect(['schemareleases/finalizers', 'tenantplans/finalizers'].flatMap(verbsOn)).toEqual([]);
  for (const kind of ['studiotenants', 'postgresservers']) expect(verbsOn(kind)).toEqual(['get', 'list', 'watch', 'patch']);
});

describe.each([
  { program: 'operator', path: 'config' },
  { program: 'application', path: 'application.config' },
])('of the $program', ({ program, path: parent }) => {
  it('no setting that is a value is taken as a variable too', async () => {
    const keys = chartValues()
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`${parent}.`))
      .map((path) => path.slice(parent.length + 1))
      .filter((key) => key !== 'extra');
    const variable = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    const given = { config: { extra: Object.fromEntries(keys.map((key) => [variable(key), '1'])) } };
    const values = {
      ...MATRIX['the least there must be'],
      ...(program === 'operator' ? given : { application: { enabled: true, ...given } }),
    };
    const { stderr } = await templateChart({ values });
    expect(keys.length).toBeGreaterThan(9);
    expect(keys.filter((key) => !stderr.includes(`has ${variable(key)}, which ${parent}.${key} decides; set it there.`))).toEqual([]);
  });
});

describe.each<HelmMajor>([3, 4])('Helm %s', (major) => {
  it.each(CASES)('finds nothing to complain of with %s', async (_, values) => {
    const { code, stdout, stderr } = await helm(['lint', '--strict', '--kube-version', '1.33.0', '--values', '-', CHART], {
      major,
      input: JSON.stringify(values),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  it.each(WRONG)('refuses %s with a sentence', async (_, values, sentence) => {
    const { code, stdout, stderr } = await templateChart({ values, major });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  it('refuses a Kubernetes that is too old', async () => {
    const { code, stderr } = await templateChart({ values: MATRIX['the least there must be'] ?? {}, major, kubeVersion: '1.32.9' });
    expect(code).toBe(1);
    expect(stderr).toContain('requires kubeVersion: >=1.33.0-0');
  });
});
