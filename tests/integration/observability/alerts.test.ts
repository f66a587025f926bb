/** The alerts as they ship, by Prometheus' own tool: they parse, and each fires when it should and keeps quiet when it should. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { ALERTS_FILE, alertRules } from '../../support/alerts.ts';
import { promtool } from '../../support/prometheus.ts';
import { ALERT_CASES, type AlertCase } from './alert-cases.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-alerts-'));
});

afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** As ALERTS shows it, which has no texts: those are read in a running Prometheus. */
function ruleTest({ alert, series, at, fires }: AlertCase): object {
  const severity = alertRules().find((rule) => rule.alert === alert)?.labels['severity'];
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        eval_time: `${at}m`,
        exp_samples: fires.map((labels) => ({
          labels: alertSeries({ alertname: alert, alertstate: 'firing', severity, ...labels }),
          value: 1,
        })),
      },
    ],
  };
}

function alertSeries(labels: Readonly<Record<string, string | undefined>>): string {
  return `ALERTS{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`;
}

describe('the alerts', () => {
  it('are valid rules', async () => {
    const { code, output } = await promtool(['check', 'rules', '--lint-fatal', ALERTS_FILE]);

    expect(output).toContain(`SUCCESS: ${alertRules().length} rules found`);
    expect(code).toBe(0);
  });

  it.each(ALERT_CASES.map((one) => ({ ...one, does: one.fires.length === 0 ? 'keeps quiet' : 'fires' })))(
    '$alert $does when $when',
    async (one) => {
      const file = path.join(directory, `${ALERT_CASES.findIndex(({ alert, when }) => alert === one.alert && when === one.when)}.yaml`);
      await writeFile(file, stringify({ rule_files: [ALERTS_FILE], evaluation_interval: '1m', tests: [ruleTest(one)] }));
      const { code, output } = await promtool(['test', 'rules', file]);

      expect(output).toContain('SUCCESS');
      expect(code).toBe(0);
    },
  );

  it.each(alertRules().map(({ alert }) => alert))('%s is tried both ways', (alert) => {
    const cases = ALERT_CASES.filter((one) => one.alert === alert);

    expect(cases.some(({ fires }) => fires.length > 0)).toBe(true);
    expect(cases.some(({ fires }) => fires.length === 0)).toBe(true);
  });
});
