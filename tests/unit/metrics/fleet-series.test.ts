/** Series with names in them: which tenants have one, what it says, and that their number is bounded. */
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import type { Condition } from '../../../src/api/conditions.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { StudioTenant, StudioTenantStatus } from '../../../src/api/studio-tenant.ts';
import { type Fleet, registerFleetMetrics } from '../../../src/metrics/fleet-metrics.ts';
import { aServer, aTenant } from '../../support/a-tenant.ts';

const AT = '2026-01-01T12:00:00Z';
const LATER = '2026-01-01T13:00:00Z';
const SECONDS = Date.parse(AT) / 1000;

function condition(type: string, status: 'True' | 'False' | 'Unknown', reason = 'InSync', lastTransitionTime = AT): Condition {
  return { type, status, reason, message: '', lastTransitionTime };
}

const settled = [condition('Ready', 'True'), condition('Reconciling', 'False', 'Settled'), condition('Stalled', 'False', 'NotStalled')];

function named(name: string, status?: Partial<StudioTenantStatus>, metadata: Partial<StudioTenant['metadata']> = {}): StudioTenant {
  return aTenant({ metadata: { name, ...metadata }, ...(status === undefined ? {} : { status: { observedGeneration: 1, ...status } }) });
}

/** Lines of one metric. */
async function series(metric: string, fleet: Partial<Fleet>): Promise<readonly string[]> {
  const registry = new Registry();
  registerFleetMetrics(registry, { tenants: () => [], servers: () => [], releases: () => [], ...fleet });
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${metric}{`));
}

const unsettled = async (...tenants: readonly StudioTenant[]): Promise<readonly string[]> =>
  await series('studio_tenant_unsettled_since_timestamp_seconds', { tenants: () => tenants });

describe('tenants that are not as asked', () => {
  it('do not include those that are, nor the suspended', async () => {
    const suspended = [condition('Ready', 'True', 'Suspended'), ...settled.slice(1)];

    expect(
      await unsettled(named('a', { phase: 'Ready', conditions: settled }), named('b', { phase: 'Suspended', conditions: suspended })),
    ).toEqual([]);
  });

  it('say where, how badly, in which step, why, and since when it is not served', async () => {
    const lost = named('lost', {
      phase: 'Degraded',
      database: { server: 'main' },
      conditions: [
        condition('Ready', 'False', 'DatabaseLost'),
        condition('Reconciling', 'False', 'Settled', LATER),
        condition('Stalled', 'True', 'DatabaseLost', LATER),
        condition('Registered', 'True'),
        condition('DatabaseReady', 'False', 'DatabaseLost', LATER),
        condition('SchemaReady', 'Unknown', 'Waiting', LATER),
      ],
    });

    expect(await unsettled(lost)).toEqual([
      `studio_tenant_unsettled_since_timestamp_seconds{tenant_namespace="studio-tenants",tenant="lost",server="main",phase="Degraded",ready="false",stalled="true",step="DatabaseReady",reason="DatabaseLost"} ${SECONDS}`,
    ]);
  });

  it('count from the change that goes on, where they are served', async () => {
    const upgrading = named('slow', {
      phase: 'Upgrading',
      conditions: [condition('Ready', 'True', 'InSync', LATER), condition('Reconciling', 'True', 'MigrationNotStarting')],
    });

    const [line] = await unsettled(upgrading);
    expect(line).toContain('ready="true",stalled="false",step="",reason="MigrationNotStarting"');
    expect(line?.endsWith(` ${SECONDS}`)).toBe(true);
  });

  it('include one that nobody has looked at, from its creation', async () => {
    const [line] = await unsettled(named('new', undefined, { creationTimestamp: AT }));

    expect(line).toContain('phase="Pending",ready="false",stalled="false",step="",reason="Waiting"');
    expect(line?.endsWith(` ${SECONDS}`)).toBe(true);
  });

  it('include one that is being deleted, from that request on, whatever its status says', async () => {
    const [line] = await unsettled(named('old', { phase: 'Ready', conditions: settled }, { deletionTimestamp: AT }));

    expect(line).toContain('phase="Deleting"');
    expect(line?.endsWith(` ${SECONDS}`)).toBe(true);
  });
});

describe('every tenant', () => {
  it('has one series that says where it lives', async () => {
    const status = { organizationId: 42, database: { server: 'main' }, schema: { release: 'studio-7' } };

    expect(await series('studio_tenant_info', { tenants: () => [named('a', status), named('b')] })).toEqual([
      'studio_tenant_info{tenant_namespace="studio-tenants",tenant="a",organization="42",server="main",release="studio-7",plan="free"} 1',
      'studio_tenant_info{tenant_namespace="studio-tenants",tenant="b",organization="",server="",release="",plan="free"} 1',
    ]);
  });

  it('has two series at most, and none of what people call it', async () => {
    const registry = new Registry();
    const tenants = Array.from({ length: 500 }, (_, n) => named(`studio-of-${n}`));
    registerFleetMetrics(registry, { tenants: () => tenants, servers: () => [], releases: () => [] });

    const text = await registry.metrics();
    expect(text.match(/studio-of-/g)).toHaveLength(1_000);
    expect(text).not.toContain('My Studio');
  });
});

describe('servers', () => {
  it('say whether they are usable, why not, and how much room they have', async () => {
    const down = aServer(
      'spare',
      { unschedulable: true },
      { status: { observedGeneration: 1, conditions: [condition('Ready', 'False', 'Unreachable')] } },
    );
    const up = aServer(
      'main',
      {},
      { status: { observedGeneration: 1, version: '18.1', databases: 7, conditions: [condition('Ready', 'True')] } },
    );
    const servers = (): readonly (typeof up)[] => [up, down];

    expect(await series('studio_server_up', { servers })).toEqual([
      'studio_server_up{server="main"} 1',
      'studio_server_up{server="spare"} 0',
    ]);
    expect(await series('studio_server_databases', { servers })).toEqual(['studio_server_databases{server="main"} 7']);
    expect(await series('studio_server_max_databases', { servers })).toContain('studio_server_max_databases{server="main"} 10');
    expect(await series('studio_server_schedulable', { servers })).toContain('studio_server_schedulable{server="spare"} 0');
    expect(await series('studio_server_info', { servers })).toEqual([
      'studio_server_info{server="main",version="18.1",reason="InSync"} 1',
      'studio_server_info{server="spare",version="",reason="Unreachable"} 1',
    ]);
  });
});

describe('releases', () => {
  it('say how far they have come, whether they are halted, and which is the newest', async () => {
    const release = {
      metadata: { name: 'studio-2' },
      spec: { version: 2, paused: true },
      status: { pending: 3, running: 1, done: 5, failed: 2, halted: true },
    } as unknown as SchemaRelease;
    const releases = (): readonly SchemaRelease[] => [release];

    expect(await series('studio_release_tenants', { releases })).toEqual([
      'studio_release_tenants{release="studio-2",state="pending"} 3',
      'studio_release_tenants{release="studio-2",state="running"} 1',
      'studio_release_tenants{release="studio-2",state="done"} 5',
      'studio_release_tenants{release="studio-2",state="failed"} 2',
    ]);
    expect(await series('studio_release_halted', { releases })).toEqual(['studio_release_halted{release="studio-2"} 1']);
    expect(await series('studio_release_paused', { releases })).toEqual(['studio_release_paused{release="studio-2"} 1']);
    expect(await series('studio_release_version', { releases })).toEqual(['studio_release_version{release="studio-2"} 2']);
  });
});
