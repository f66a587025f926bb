/** The numbers for Prometheus: names that dashboards know, and a fleet that is counted, not remembered. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { StudioTenant, StudioTenantStatus } from '../../src/api/studio-tenant.ts';
import { createMetrics } from '../../src/metrics.ts';

function tenant(name: string, status?: Partial<StudioTenantStatus>): StudioTenant {
  return { metadata: { name }, spec: { plan: 'free' }, status } as StudioTenant;
}

describe('the metrics', () => {
  it("use controller-runtime's names for what the runtime reports", async () => {
    const { registry, runtime, clients } = createMetrics();

    runtime.controller.reconcile('tenant', 'success', 0.2);
    runtime.controller.reconcile('tenant', 'error', 0.3);
    runtime.queue.depth('tenant', 'change', 3);
    runtime.queue.add('tenant');
    runtime.leader.leading('studio-operator', true);
    clients.kubernetesCall('PATCH', 'studiotenants', '200', 0.01);

    const text = await registry.metrics();
    expect(text).toContain('controller_runtime_reconcile_total{controller="tenant",result="success"} 1');
    expect(text).toContain('controller_runtime_reconcile_errors_total{controller="tenant"} 1');
    expect(text).toContain('controller_runtime_reconcile_time_seconds_count{controller="tenant"} 2');
    expect(text).toContain('workqueue_depth{name="tenant",priority="change"} 3');
    expect(text).toContain('workqueue_adds_total{name="tenant"} 1');
    expect(text).toContain('leader_election_master_status{name="studio-operator"} 1');
    expect(text).toContain('rest_client_requests_total{verb="PATCH",resource="studiotenants",code="200"} 1');
  });

  it('count SQL statements, step times and the seconds to Ready', async () => {
    const { registry, tenants, clients } = createMetrics();

    clients.sqlStatement('main', 'CREATE', 0.1);
    clients.masterUp(true);
    tenants.step('Database', 'inSync', 0.2);
    tenants.becameReady(3);

    const text = await registry.metrics();
    expect(text).toContain('studio_sql_statements_total{target="main",kind="CREATE"} 1');
    expect(text).toContain('studio_master_up 1');
    expect(text).toContain('studio_step_seconds_count{step="Database",outcome="inSync"} 1');
    expect(text).toContain('studio_tenant_ready_seconds_sum 3');
  });

  it('count the fleet as it is at that moment', async () => {
    const { registry, observeFleet } = createMetrics();
    const fleet = {
      all: [
        tenant('a', { phase: 'Ready', schema: { release: 'studio-2' }, database: { server: 'main' } }),
        tenant('b', { phase: 'Upgrading', schema: { release: 'studio-1', job: 'b-migrate-x' }, database: { server: 'main' } }),
        tenant('c', {
          phase: 'Failed',
          conditions: [{ type: 'SchemaReady', status: 'False', reason: 'MigrationFailed', message: '', lastTransitionTime: '' }],
        }),
        tenant('d'),
      ] as readonly StudioTenant[],
    };
    observeFleet({ tenants: () => fleet.all, servers: () => [], releases: () => [] });

    const before = await registry.metrics();
    expect(before).toContain('studio_tenants{phase="Ready"} 1');
    expect(before).toContain('studio_tenants{phase="Pending"} 1');
    expect(before).toContain('studio_tenants{phase="Deleting"} 0');
    expect(before).toContain('studio_tenants_by_release{release="studio-2"} 1');
    expect(before).toContain('studio_tenants_by_release{release=""} 2');
    expect(before).toContain('studio_tenants_by_server{server="main"} 2');
    expect(before).toContain('studio_migrations{state="running"} 1');
    expect(before).toContain('studio_migrations{state="failed"} 1');

    fleet.all = [];
    const after = await registry.metrics();
    expect(after).toContain('studio_tenants{phase="Ready"} 0');
    expect(after).not.toContain('studio-2');
  });

  it('say nothing about a fleet that is not known yet, nor about a master database that nobody has tried', async () => {
    const { registry, observeFleet, clients } = createMetrics();
    observeFleet({ tenants: () => undefined, servers: () => undefined, releases: () => undefined });

    expect(await registry.metrics()).not.toMatch(/^studio_(?:tenants|tenant_info|migrations|server|release|master)/m);
    clients.masterUp(false);
    expect(await registry.metrics()).toContain('studio_master_up 0');
  });

  it('tell how many sweeps in a row found drift, and nothing of a server that is not looked at any more', async () => {
    const { registry, tenants } = createMetrics();
    tenants.sweeping(['master', 'main', 'old']);
    for (const target of ['master', 'main', 'old']) tenants.swept(target, 2);
    tenants.sweeping(['master', 'main']);
    tenants.swept('master', 0);
    tenants.swept('main', 3);

    const text = await registry.metrics();
    expect(text).toContain('studio_sweep_drifted{target="main"} 3');
    expect(text).toContain('studio_sweep_drifted_in_a_row{target="main"} 2');
    expect(text).toContain('studio_sweep_drifted_in_a_row{target="master"} 0');
    expect(text).not.toContain('target="old"');

    tenants.swept('main', undefined);
    expect(await registry.metrics()).toContain('studio_sweep_drifted_in_a_row{target="main"} 2');

    tenants.sweeping(['master']);
    tenants.sweeping(['master', 'main']);
    expect(await registry.metrics()).not.toContain('studio_sweep_drifted{target="main"}');
    tenants.swept('main', 1);
    expect(await registry.metrics()).toContain('studio_sweep_drifted_in_a_row{target="main"} 1');
  });

  it('say which version is running', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

    expect(await createMetrics().registry.metrics()).toContain(
      `studio_build_info{version="${version}",node_version="${process.version}"} 1`,
    );
  });
});
