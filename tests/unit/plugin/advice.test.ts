/** The next action: one for every reason that the runbook has, in the runbook's group, and nothing left unfilled. */
import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { RELEASE, SERVER } from '../../../src/plugin/advice/cluster.ts';
import { diagnoseTenant, Urgency, urgencyOf } from '../../../src/plugin/advice/next-action.ts';
import { IS_WELL, NEEDS_A_PERSON, WAITS } from '../../../src/plugin/advice/tenant.ts';
import type { Condition, Release, Server, Tenant } from '../../../src/plugin/kubernetes/objects.ts';

const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** Of one section's table. */
function reasonsIn(title: string): readonly string[] {
  const section = runbook.split(/^## /m).find((each) => each.startsWith(title)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z]\w+)`/g)].map(([, reason = '']) => reason));
}

describe('the sentences', () => {
  it.each([
    ['StudioTenant: needs a person', NEEDS_A_PERSON],
    ['StudioTenant: waits', WAITS],
    ['StudioTenant: all is well', IS_WELL],
    ['StudioTenant: being deleted', WAITS],
    ['PostgresServer', SERVER],
    ['SchemaRelease', RELEASE],
  ])('cover every reason of the runbook under "%s"', (title, sentences) => {
    expect(reasonsIn(title).length).toBeGreaterThan(3);
    expect(reasonsIn(title).filter((reason) => sentences[reason] === undefined)).toEqual([]);
  });

  it('speak of no reason that the runbook does not have', () => {
    const all = [NEEDS_A_PERSON, WAITS, IS_WELL, SERVER, RELEASE].flatMap((sentences) => Object.keys(sentences));
    expect(all.filter((reason) => !runbook.includes(`\`${reason}\``))).toEqual([]);
  });

  it('are filled in to the last word', () => {
    const tenant = { ...served(), spec: { subdomain: 'yoga', plan: 'pro', release: 'studio-7' } };
    const actions = [...Object.keys(NEEDS_A_PERSON), ...Object.keys(WAITS)].map(
      (reason) => diagnoseTenant(failed(reason, tenant), 'studio-7').nextAction,
    );

    expect(actions.filter((action) => /\{\w+\}|\b(?:RELEASE|SERVER|DATABASE|PINNED|REF|OBJECT)\b/.test(action))).toEqual([]);
    expect(actions.filter((action) => action.startsWith('Look the reason up'))).toEqual([]);
  });
});

const condition = (type: string, status: string, reason: string): Condition => ({ type, status, reason, message: `${reason} it is.` });

function served(): Tenant {
  return {
    metadata: { name: 'yoga', namespace: 'studios', generation: 1 },
    spec: {},
    status: {
      observedGeneration: 1,
      phase: 'Ready',
      database: { server: 'main', name: 'studio_1_db' },
      conditions: [
        condition('Ready', 'True', 'InSync'),
        condition('Reconciling', 'False', 'Settled'),
        condition('Stalled', 'False', 'NotStalled'),
      ],
    },
  };
}

function failed(reason: string, tenant = served()): Tenant {
  const conditions = [
    condition('Ready', 'False', reason),
    condition('Reconciling', 'False', 'Settled'),
    condition('Stalled', 'True', reason),
  ];
  return { ...tenant, status: { ...tenant.status, phase: 'Failed', conditions } };
}

describe('a tenant', () => {
  it('that is served needs nothing', () => {
    expect(diagnoseTenant(served())).toEqual({ reason: 'InSync', message: 'InSync it is.', nextAction: 'Nothing.' });
    expect(urgencyOf(served())).toBe(Urgency.fine);
  });

  it('that failed is named in the command to run', () => {
    expect(diagnoseTenant(failed('MigrationFailed')).nextAction).toContain('kubectl studio retry yoga -n studios');
    expect(urgencyOf(failed('MigrationFailed'))).toBe(Urgency.down);
  });

  it('that is served without the newest change needs a person, less urgently than one that is down', () => {
    const degraded = failed('ExtensionUnavailable');
    const conditions =
      degraded.status?.conditions?.map((each) => (each.type === 'Ready' ? condition('Ready', 'True', 'InSync') : each)) ?? [];

    expect(urgencyOf({ ...degraded, status: { ...degraded.status, conditions } })).toBe(Urgency.person);
    expect(diagnoseTenant({ ...degraded, status: { ...degraded.status, conditions } }).reason).toBe('ExtensionUnavailable');
  });

  it('that nobody has looked at is a case for doctor', () => {
    expect(diagnoseTenant({ metadata: { name: 'new' }, spec: {}, status: { observedGeneration: -1 } }).nextAction).toContain(
      'kubectl studio doctor',
    );
  });

  it.each([
    ['suspension', { metadata: { annotations: { [ANNOTATION.suspend]: 'leak' } } }],
    ['suspension', { spec: { suspended: true } }],
    ['resumption', { phase: 'Suspended' }],
    ['deletion', { metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } }],
  ] as const)('of which a %s is asked for and not acted on (%j) is not said to need nothing', (what, change) => {
    const { metadata, spec, status } = served();
    const {
      metadata: more = {},
      spec: asked = spec,
      phase = 'Ready',
    } = change as {
      readonly metadata?: object;
      readonly spec?: Tenant['spec'];
      readonly phase?: string;
    };
    const tenant = { metadata: { ...metadata, ...more }, spec: asked, status: { ...status, phase } };

    expect(diagnoseTenant(tenant)).toMatchObject({ reason: 'NotActedOn', message: expect.stringContaining(`A ${what} is asked for`) });
    expect(diagnoseTenant(tenant).nextAction).toContain('kubectl studio doctor');
    expect(urgencyOf(tenant)).toBe(Urgency.waiting);
  });

  it('that is suspended or being deleted as asked is as it should be', () => {
    const { metadata, spec, status } = served();
    const suspended = { metadata, spec: { ...spec, suspended: true }, status: { ...status, phase: 'Suspended' } };
    const deleting = {
      metadata: { ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' },
      spec,
      status: { ...status, phase: 'Deleting' },
    };

    expect([suspended, deleting].map((tenant) => diagnoseTenant(tenant).reason)).toEqual(['InSync', 'InSync']);
  });

  it('with a reason of a later version is not given a wrong answer', () => {
    expect(diagnoseTenant(failed('SomethingNew')).nextAction).toContain('does not know it');
  });

  it('is read as the operator writes it', () => {
    expectTypeOf<StudioTenant>().toExtend<Tenant>();
    expectTypeOf<PostgresServer>().toExtend<Server>();
    expectTypeOf<SchemaRelease>().toExtend<Release>();
  });
});
