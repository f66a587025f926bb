/** What the chart makes of the alerts and dashboards: the same rules with a link to each runbook, and files that arrive as they are. */
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { renderChart } from '../../../dev/helm.ts';
import { type AlertRule, alertRules, type RuleGroup } from '../../support/alerts.ts';
import { promtool } from '../../support/prometheus.ts';

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec?: { readonly groups?: readonly RuleGroup[]; readonly [key: string]: unknown };
  readonly data?: Readonly<Record<string, string>>;
}

const VALUES = {
  masterDatabase: { existingSecret: { name: 'master' } },
  application: { enabled: true },
  metrics: {
    serviceMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } },
    prometheusRule: {
      enabled: true,
      labels: { release: 'prometheus' },
      alertLabels: { team: 'platform' },
      runbookUrl: 'https://runbooks.example/studio/',
      disabled: ['StudioAppSlow'],
    },
    dashboards: { enabled: true, namespace: 'monitoring' },
  },
};

let objects: readonly Rendered[];

beforeAll(async () => {
  objects = (await renderChart({ values: VALUES })) as readonly Rendered[];
}, 600_000);

const ofKind = (kind: string): readonly Rendered[] => objects.filter((object) => object.kind === kind);

describe('the PrometheusRule', () => {
  const rules = (): readonly AlertRule[] =>
    ofKind('PrometheusRule').flatMap(({ spec }) => spec?.groups?.flatMap((group) => group.rules) ?? []);

  it('has every alert as it is in the file, but for those that are disabled', () => {
    const expected = alertRules().filter(({ alert }) => alert !== 'StudioAppSlow');

    expect(rules().map(({ alert, expr, for: after }) => ({ alert, expr, after }))).toEqual(
      expected.map(({ alert, expr, for: after }) => ({ alert, expr, after })),
    );
    expect(rules().map(({ labels }) => labels)).toEqual(expected.map(({ labels }) => Object.assign({ team: 'platform' }, labels)));
    expect(rules().map(({ annotations }) => annotations)).toEqual(
      expected.map(({ alert, annotations }) => Object.assign({ runbook_url: `https://runbooks.example/studio/${alert}.md` }, annotations)),
    );
    expect(ofKind('PrometheusRule')[0]?.metadata.labels['release']).toBe('prometheus');
  });

  it('is valid for Prometheus', async () => {
    const groups = ofKind('PrometheusRule').flatMap(({ spec }) => spec?.groups ?? []);
    await using directory = await mkdtempDisposable(path.join(os.tmpdir(), 'studio-rules-'));
    const file = path.join(directory.path, 'rules.yaml');
    await writeFile(file, stringify({ groups }));
    const { code, output } = await promtool(['check', 'rules', '--lint-fatal', file]);

    expect(output).toContain(`SUCCESS: ${alertRules().length - 1} rules found`);
    expect(code).toBe(0);
  });
});

describe('the monitors', () => {
  it('scrape the operator by its Service and the application by its pods, at a port that its Service does not have', () => {
    const [operator] = ofKind('ServiceMonitor');
    const [application] = ofKind('PodMonitor');
    const pod = (name: string): object | undefined => ofKind('Deployment').find(({ metadata }) => metadata.name === name)?.spec;
    const services = ofKind('Service').filter(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === 'application');

    expect(operator?.spec).toMatchObject({ endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }] });
    expect(application?.spec).toMatchObject({ podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', interval: '30s' }] });
    expect(pod('studio-app')).toMatchObject({
      template: { spec: { containers: [{ ports: expect.arrayContaining([expect.objectContaining({ name: 'metrics' })]) as unknown }] } },
    });
    expect(JSON.stringify(services.map(({ spec }) => spec))).not.toContain('metrics');
  });
});

describe('the dashboards', () => {
  it.each(['fleet', 'migrations', 'servers', 'tenant'])('%s arrives as it is, where the sidecar looks', (name) => {
    const map = ofKind('ConfigMap').find(({ metadata }) => metadata.name === `studio-operator-dashboard-${name}`);
    const file = JSON.parse(readFileSync(`helm/studio-operator/files/dashboards/${name}.json`, 'utf8')) as unknown;

    expect(map?.metadata).toMatchObject({ namespace: 'monitoring', labels: { grafana_dashboard: '1' } });
    expect(JSON.parse(map?.data?.[`${name}.json`] ?? '')).toEqual(file);
  });
});

it('has none of it unless it is asked for', async () => {
  const plain = (await renderChart({ values: { masterDatabase: VALUES.masterDatabase } })) as readonly Rendered[];
  const kinds = new Set(plain.map(({ kind }) => kind));

  expect([...kinds].filter((kind) => /Monitor|PrometheusRule/.test(kind))).toEqual([]);
  expect(plain.filter(({ metadata }) => metadata.name.includes('dashboard'))).toEqual([]);
});
