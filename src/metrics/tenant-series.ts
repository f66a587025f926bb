/**
 * Series with a tenant's name in them: one that says where each lives, and one for each that is not as asked. Separate from
 * the counts of the fleet because their number grows with it: at most two per tenant and replica, and no more may be added
 * here. `tenant_namespace`, not `namespace`: that label is the scraped pod's.
 */
import type { Registry } from 'prom-client';

import type { ObjectMeta } from '../api/object-meta.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { collectedGauge, type Labels, type Sample } from './collected.ts';
import { type Unsettled, unsettledOf } from './unsettled.ts';

const IDENTITY = ['tenant_namespace', 'tenant'] as const;

/** @param tenants undefined while they are not known yet */
export function registerTenantSeries(registry: Registry, tenants: () => readonly StudioTenant[] | undefined): void {
  collectedGauge(registry, {
    name: 'studio_tenant_info',
    help: 'Always 1; its labels say where a tenant lives, at which release and on which plan.',
    labels: [...IDENTITY, 'organization', 'server', 'release', 'plan'],
    samples: () => (tenants() ?? []).map((tenant): Sample => [{ ...identityOf(tenant.metadata), ...homeOf(tenant) }, 1]),
  });
  collectedGauge(registry, {
    name: 'studio_tenant_unsettled_since_timestamp_seconds',
    help: 'Since when a tenant is not as asked, as Unix time; tenants that are as asked have no such series.',
    labels: [...IDENTITY, 'server', 'phase', 'ready', 'stalled', 'step', 'reason'],
    samples: () =>
      (tenants() ?? []).flatMap((tenant): readonly Sample[] => {
        const unsettled = unsettledOf(tenant);
        return unsettled === undefined ? [] : [[labelsOf(tenant, unsettled), unsettled.since]];
      }),
  });
}

function identityOf({ namespace = '', name }: Pick<ObjectMeta, 'namespace' | 'name'>): Labels {
  return { tenant_namespace: namespace, tenant: name };
}

function homeOf({ spec, status }: StudioTenant): Labels {
  return {
    organization: String(status?.organizationId ?? ''),
    server: status?.database?.server ?? '',
    release: status?.schema?.release ?? '',
    plan: spec.plan,
  };
}

function labelsOf({ metadata, status }: StudioTenant, { phase, isReady, isStalled, step, reason }: Unsettled): Labels {
  return {
    ...identityOf(metadata),
    server: status?.database?.server ?? '',
    phase,
    ready: String(isReady),
    stalled: String(isStalled),
    step,
    reason,
  };
}
