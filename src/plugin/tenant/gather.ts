// Reads all that explains one tenant. Separate from what is made of it.
import { diagnoseTenant } from '../advice/next-action.ts';
import { haltedReleaseFor } from '../fleet/halted.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { RELEASES } from '../kubernetes/kinds.ts';
import type { List, Release, Tenant } from '../kubernetes/objects.ts';
import { gapsOf, type Reading, reading } from '../kubernetes/rights.ts';
import { gatherEvents } from './events.ts';
import { gatherMigrations } from './migrations.ts';
import type { TenantFacts } from './report.ts';

/** Lines of the last migration's log. */
const LOG_LINES = 20;

export async function gatherTenant(kubectl: Kubectl, tenant: Tenant): Promise<TenantFacts> {
  const [events, { migrations, gaps }, halted] = await Promise.all([
    gatherEvents(kubectl, tenant),
    gatherMigrations(kubectl, tenant, { jobs: 1, lines: LOG_LINES }),
    haltedRelease(kubectl, tenant),
  ]);
  return { tenant, migrations, events: events.value ?? [], haltedRelease: halted.value, gaps: [...gapsOf(events, halted), ...gaps] };
}

/** Only where the tenant waits for one: people who may see tenants need not see releases. */
async function haltedRelease(kubectl: Kubectl, tenant: Tenant): Promise<Reading<string | undefined>> {
  if (diagnoseTenant(tenant).reason !== 'RolloutHalted') return { value: undefined };
  return await reading('which release has halted', { verb: 'list', resource: RELEASES }, async () => {
    const { items } = await kubectl.json<List<Release>>(['get', RELEASES]);
    return haltedReleaseFor(tenant, items);
  });
}
