/**
 * Rendered objects and a real API server: where each is served, and what the server says to it in a dry run. Separate because everything
 * that the chart renders is sent in the same way.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';

import { eventually } from '../../support/eventually.ts';
import type { AnyObject } from '../../support/kube.ts';
import { type ApiAnswer, APPLY_PATCH, call, succeed } from '../api/api-server.ts';

const served = new Map<string, readonly Resource[]>();

/**
 * Like `kubectl create --dry-run=server --validate=strict`: not applied onto what other tests may have there under that name, which is
 * looked for last, after all that can be wrong with the object.
 */
export async function dryRun(object: AnyObject): Promise<ApiAnswer> {
  const where = `${await pathOf(object)}?fieldManager=helm&fieldValidation=Strict&dryRun=All`;
  const answer = await call({ method: 'POST', path: where, body: object });
  return answer.body.reason === 'AlreadyExists' ? { ...answer, code: 200 } : answer;
}

/** A definition, until it is served; the generated client would lose every x-kubernetes-... field of it. */
export async function applyDefinition(definition: AnyObject): Promise<void> {
  const where = `${await pathOf(definition)}/${definition.metadata.name}?fieldManager=helm&force=true&fieldValidation=Strict`;
  const { code, body } = await call({ method: 'PATCH', path: where, body: definition, contentType: APPLY_PATCH });
  if (code >= 300) throw new Error(`${definition.metadata.name} answered ${code}: ${body.message}`);
  const { group, versions, names } = definition['spec'];
  await eventually(async () => await succeed({ method: 'GET', path: `/apis/${group}/${versions[0].name}/${names.plural}` }));
}

async function pathOf({ apiVersion, kind, metadata }: AnyObject): Promise<string> {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const resource = findIn(served.get(base), kind) ?? (await eventually(async () => findIn(await listAnew(base), kind)));
  return `${base}${resource.namespaced ? `/namespaces/${metadata.namespace}` : ''}/${resource.name}`;
}

interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly namespaced: boolean;
}

/** A kind that has just been defined is served a moment before it is listed. */
async function listAnew(base: string): Promise<readonly Resource[]> {
  const { resources } = await succeed({ method: 'GET', path: base });
  served.set(base, resources);
  return resources;
}

const findIn = (resources: readonly Resource[] | undefined, kind: string): Resource | undefined =>
  resources?.find((one) => one.kind === kind && !one.name.includes('/'));

const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.82.2';

/** The Prometheus operator's own definitions of what the chart can render, from its Go module, which go.sum's public log vouches for. */
export async function applyMonitoringDefinitions(): Promise<void> {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '' };
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', PROMETHEUS_OPERATOR], { cwd: os.tmpdir(), env });
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  for (const plural of ['servicemonitors', 'podmonitors', 'prometheusrules']) {
    const file = path.join(Dir, `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`);
    await applyDefinition(parse(await readFile(file, 'utf8')) as AnyObject);
  }
}
