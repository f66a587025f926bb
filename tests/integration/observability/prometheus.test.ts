/**
 * A real Prometheus over a real platform in which some studios are well and others are not: what it is told is true, every question of
 * the dashboards has an answer, every alert can be evaluated, and the alerts for what is wrong fire - those, and for those alone.
 */
import { writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findCondition } from '../../../src/api/conditions.ts';
import { POSTGRES_SERVER, SCHEMA_RELEASE, STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { alertGroups, alertRules } from '../../support/alerts.ts';
import { type Question, questions } from '../../support/dashboards.ts';
import { eventually } from '../../support/eventually.ts';
import {
  LEAVING,
  LOST,
  type ObservedStudio,
  PLANLESS,
  startObservedStudio,
  STRANDED,
  TAKEN,
  UNLUCKY,
} from '../../support/observed-studio.ts';
import { type DocShell, docShell } from '../../support/doc-commands.ts';
import { promtool, type Sample } from '../../support/prometheus.ts';
import { TENANTS } from '../../support/studio.ts';
import { RUNBOOK_COMMANDS } from './runbook-commands.ts';

let observed: ObservedStudio;

/** The alerts as they ship, but for how long something has to last: nobody waits for half an hour here. */
function impatient(): readonly object[] {
  return alertGroups().map(({ name, rules }) => ({
    name,
    rules: rules.map(({ for: _for, expr, ...rule }) => ({ ...rule, expr: expr.replace(/\) > (?:300|600|900|1800)(?= |$)/, ') > 1') })),
  }));
}

beforeAll(async () => {
  observed = await startObservedStudio(impatient());
}, 300_000);

afterAll(async () => await observed?.[Symbol.asyncDispose]());

/** Prometheus trails by one scrape: tries the expectations until they hold. */
async function soon(expectations: () => Promise<void>, timeoutMs = 30_000): Promise<void> {
  await eventually(
    async () => {
      await expectations();
      return true;
    },
    { timeoutMs },
  );
}

async function firing(): Promise<readonly string[]> {
  const alerts = await observed.prometheus.alerts();
  const told = alerts.map(({ labels }) =>
    [labels['alertname'], labels['tenant'] ?? labels['server'] ?? labels['release'] ?? ''].join(' ').trim(),
  );
  return [...new Set(told)].toSorted();
}

const byLabel = (samples: readonly Sample[], label: string): Readonly<Record<string, number>> =>
  Object.fromEntries(samples.map(({ metric, value }) => [metric[label] ?? '', value]));

const countBy = <T>(items: readonly T[], key: (item: T) => string): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(items, key)].map(([name, of]) => [name, of.length]));

const tenants = async (): Promise<readonly StudioTenant[]> =>
  (await observed.studio.cluster.api.list<StudioTenant>(STUDIO_TENANT, { namespace: TENANTS })).items;

describe('what Prometheus is told', () => {
  it('is well-formed: promtool has nothing to say of either program', async () => {
    for (const operator of observed.operators)
      expect(await promtool(['check', 'metrics'], await operator.metrics())).toEqual({ code: 0, output: '' });
    const application = await (await fetch(`http://127.0.0.1:${observed.application.metricsPort}/metrics`)).text();
    expect(await promtool(['check', 'metrics'], application)).toEqual({ code: 0, output: '' });
  });

  it('agrees with the cluster on how many tenants are in which phase, on which server, at which release', async () => {
    await soon(async () => {
      const phases = byLabel(await observed.prometheus.query('max by (phase) (studio_tenants) > 0'), 'phase');
      const all = await tenants();

      expect(phases).toEqual(countBy(all, ({ status }) => status?.phase ?? 'Pending'));
      expect(byLabel(await observed.prometheus.query('max by (server) (studio_tenants_by_server)'), 'server')).toEqual(
        countBy(all, ({ status }) => status?.database?.server ?? ''),
      );
      expect(byLabel(await observed.prometheus.query('max by (release) (studio_tenants_by_release)'), 'release')).toEqual(
        countBy(all, ({ status }) => status?.schema?.release ?? ''),
      );
      expect(await observed.prometheus.query('count(count by (tenant_namespace, tenant) (studio_tenant_info))')).toMatchObject([
        { value: all.length },
      ]);
    });
  });

  it('names exactly the tenants that are not as asked, with the reason and the time that their conditions have', async () => {
    await soon(async () => {
      const told = await observed.prometheus.query('max by (tenant, reason) (studio_tenant_unsettled_since_timestamp_seconds)');
      const expected = (await tenants()).flatMap((tenant) => {
        const conditions = tenant.status?.conditions ?? [];
        const holding = conditions.find(({ type, status }) => ['Stalled', 'Reconciling'].includes(type) && status === 'True');
        if (holding === undefined) return [];
        const ready = findCondition(conditions, 'Ready');
        const since = tenant.metadata.deletionTimestamp ?? (ready?.status === 'True' ? holding : ready)?.lastTransitionTime ?? '';
        return [`${tenant.metadata.name} ${holding.reason} ${Date.parse(since) / 1000}`];
      });

      expect(told.map(({ metric, value }) => `${metric['tenant']} ${metric['reason']} ${value}`).toSorted()).toEqual(expected.toSorted());
      expect(new Set(told.map(({ metric }) => metric['tenant']))).toEqual(new Set([UNLUCKY, TAKEN, PLANLESS, LOST, STRANDED, LEAVING]));
    });
  });

  it('agrees with the cluster on servers and releases', async () => {
    await soon(async () => {
      const servers = (await observed.studio.cluster.api.list<PostgresServer>(POSTGRES_SERVER)).items;
      const releases = (await observed.studio.cluster.api.list<SchemaRelease>(SCHEMA_RELEASE)).items;

      expect(byLabel(await observed.prometheus.query('max by (server) (studio_server_up)'), 'server')).toEqual({
        main: 1,
        other: 0,
        spare: 0,
      });
      for (const { metadata, status } of servers) {
        const [told] = await observed.prometheus.query(`max by (reason) (studio_server_info{server="${metadata.name}"})`);
        expect(told?.metric['reason']).toBe(findCondition(status?.conditions, 'Ready')?.reason);
      }
      for (const { metadata, status } of releases) {
        const told = await observed.prometheus.query(`max by (state) (studio_release_tenants{release="${metadata.name}"})`);
        const { pending = 0, running = 0, done = 0, failed = 0 } = status ?? {};
        expect(byLabel(told, 'state')).toEqual({ pending, running, done, failed });
        expect(failed).toBe(1);
      }
    });
  });

  it('has one leader, and a standby that does not speak of a master database it never asked', async () => {
    expect(await observed.prometheus.query('sum(leader_election_master_status and on (instance) studio_build_info)')).toMatchObject([
      { value: 1 },
    ]);
    expect(await observed.prometheus.query('count(studio_build_info)')).toMatchObject([{ value: 2 }]);
    expect(await observed.prometheus.query('studio_master_up')).toMatchObject([{ value: 1 }]);
  });
});

describe('the alerts', () => {
  it('fire for what is wrong, and for nothing else', async () => {
    await soon(async () => {
      await observed.visit();
      expect(await firing()).toEqual([
        'StudioAppErrors',
        `StudioMigrationsFailed studio-1`,
        'StudioServerDown other',
        'StudioServerUnusable spare',
        `StudioTenantDeletionStuck ${LEAVING}`,
        `StudioTenantDown ${LOST}`,
        `StudioTenantNeedsAttention ${TAKEN}`,
        `StudioTenantNeedsAttention ${UNLUCKY}`,
        `StudioTenantNotProvisioned ${PLANLESS}`,
      ]);
    });
  });

  it('say it in sentences in which nothing is missing', async () => {
    const texts = (await observed.prometheus.alerts()).flatMap(({ annotations }) => Object.values(annotations));

    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(text).not.toMatch(/<no value>|error expanding|\{\{|\bsays [.:]|\(\)/);
    expect(texts.join('\n')).toContain(`The studio ${TENANTS}/${LOST} has stopped being served (DatabaseLost).`);
  });

  it('can all be evaluated', async () => {
    const { groups } = await observed.prometheus.api<{ readonly groups: readonly { readonly rules: readonly RuleState[] }[] }>('rules');
    const rules = groups.flatMap((group) => group.rules);

    expect(rules).toHaveLength(alertRules().length);
    expect(rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== undefined)).toEqual([]);
  });
});

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** Panels that this platform has no answer for, and why. */
const WITHOUT_ANSWER: Readonly<Record<string, string>> = {
  'servers / Sweeps that fail': 'a counter that nothing has counted yet: servers that are away are not swept, and all others answer',
};

describe('the dashboards', () => {
  const variables = {
    __rate_interval: '10m',
    tenant_namespace: TENANTS,
    tenant: LOST,
    server: 'main',
    release: 'studio-1',
    datasource: 'prometheus',
  };

  it('get an answer to every question', async () => {
    const answers = await Promise.all(
      questions(variables).map(async (question): Promise<Answered> => {
        const answer = await observed.prometheus.query(question.expr);
        return { question, answer };
      }),
    );
    report(answers);

    const empty = answers.filter(({ answer }) => answer.filter(({ value }) => !Number.isNaN(value)).length === 0);
    expect(empty.map(({ question }) => nameOf(question)).toSorted()).toEqual(Object.keys(WITHOUT_ANSWER).toSorted());
  });
});

const nameOf = ({ dashboard, panel }: Question): string => `${dashboard} / ${panel}`;

interface Answered {
  readonly question: Question;
  readonly answer: readonly Sample[];
}

/** STUDIO_DASHBOARD_REPORT names a file that receives each question and its answer. */
function report(answers: readonly Answered[]): void {
  const file = process.env['STUDIO_DASHBOARD_REPORT'];
  if (file === undefined) return;
  const rows = answers.map(
    ({ question, answer }) => `| ${nameOf(question)} | \`${question.expr.replaceAll('|', '\\|')}\` | ${answerText(answer)} |`,
  );
  writeFileSync(file, ['| panel | question | answer |', '|---|---|---|', ...rows, ''].join('\n'));
}

function answerText(answer: readonly Sample[]): string {
  const some = answer.slice(0, 4).map(({ metric, value }) => {
    const labels = Object.entries(metric).filter(([key]) => key !== '__name__' && key !== 'tenant_namespace');
    return `${labels.map(([key, text]) => `${key}=${text}`).join(' ')} **${Math.round(value * 1000) / 1000}**`.trim();
  });
  return [...some, ...(answer.length > 4 ? [`(${answer.length} series)`] : [])].join('; ').replaceAll('|', '\\|') || '(empty)';
}

describe('the runbooks', () => {
  let shell: DocShell;
  beforeAll(async () => {
    const { studio, prometheus } = observed;
    shell = await docShell({
      kubeconfigPath: studio.controlPlane.kubeconfigPath,
      env: { PROMETHEUS: prometheus.url },
      words: { 'my-studio': LOST },
    });
  });
  afterAll(async () => await shell[Symbol.asyncDispose]());

  it.each(Object.entries(RUNBOOK_COMMANDS))('%s has a diagnosis that works', async (alert, commands) => {
    const printed = await commands(shell);

    expect(printed).not.toMatch(/"status":"error"|"result":\[\]\}\}$/);
    expect({ alert, hasSaidSomething: printed.trim() !== '' }).toEqual({ alert, hasSaidSomething: true });
  });
});

describe('when more goes wrong', () => {
  it('tells of a master database that is away, and of an application that no longer hears of changes', async () => {
    await observed.studio.postgres.halt();
    await soon(async () => {
      const alerts = await firing();
      expect(alerts).toContain('StudioMasterDatabaseDown');
      expect(alerts).toContain('StudioAppNotListening');
    }, 60_000);
    await eventually(async () => (await observed.prometheus.query('studio_sweep_failures_total{target="master"}')).length > 0, {
      timeoutMs: 30_000,
    });
    await observed.studio.postgres.resume();
    await eventually(async () => !(await firing()).includes('StudioMasterDatabaseDown'), { timeoutMs: 60_000 });
  });

  it('tells of an operator that is gone', async () => {
    const [leader, standby] = observed.operators;
    await standby.stop();
    await leader.stop();

    await eventually(async () => (await firing()).includes('StudioOperatorDown'), { timeoutMs: 30_000 });
    // Without the operator's numbers nothing can be said of studios and servers, and nothing is.
    await eventually(async () => !(await firing()).some((alert) => /^Studio(?:Tenant|Server|Fleet|Migrations|Master)/.test(alert)), {
      timeoutMs: 30_000,
    });
  });
});
