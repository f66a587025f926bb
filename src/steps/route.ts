/**
 * Step 8: the Ingress for the hosts that the tenant has been given, then the organization's status. Last, because
 * from here on requests arrive.
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { ConditionType } from '../api/conditions.ts';
import { ingressName } from '../api/names.ts';
import { INGRESS } from '../api/resources.ts';
import { includes } from '../desired/matches.ts';
import { type Ingress, tenantIngress } from '../desired/ingress.ts';
import { isOwnedBy, isOwnedByPredecessor } from '../desired/owner-reference.ts';
import { isSuspended } from '../desired/suspension.ts';
import { type LivingStatus, type Organization, OrganizationStatus } from '../master/organization.ts';
import { defineStep, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Observed {
  readonly organization: Organization;
  readonly ingress: Ingress | undefined;
}

type Change =
  | { readonly kind: 'apply'; readonly ingress: Ingress }
  | { readonly kind: 'discard'; readonly ingress: Ingress }
  | { readonly kind: 'status'; readonly status: LivingStatus };

export const route = defineStep<TenantWork, Observed, Change>({
  name: StepName.Route,
  condition: ConditionType.Routed,
  async observe(work) {
    return { organization: await work.organization(), ingress: await work.ingress() };
  },
  diff(work, { organization, ingress }): Verdict<Change> {
    const hosts = { subdomain: organization.subdomain, customDomains: organization.domains };
    const wanted = tenantIngress(work.tenant, hosts, work.dependencies.config);
    if (ingress === undefined) return { kind: 'outOfSync', change: { kind: 'apply', ingress: wanted } };
    if (isOwnedByPredecessor(ingress, work.tenant)) return { kind: 'outOfSync', change: { kind: 'discard', ingress } };
    if (!isOwnedBy(ingress, work.tenant)) return ingressConflict(work, organization);
    if (!isAsApplied(ingress, wanted)) return { kind: 'outOfSync', change: { kind: 'apply', ingress: onto(ingress, wanted) } };
    const status = isSuspended(work.tenant) ? OrganizationStatus.Suspended : OrganizationStatus.Active;
    if (organization.status !== status) return { kind: 'outOfSync', change: { kind: 'status', status } };
    return { kind: 'inSync', message: `Ingress ${ingress.metadata.name}` };
  },
  async apply(work, change) {
    const { kubernetes } = work.dependencies;
    if (change.kind === 'apply') work.ingressIs(await kubernetes.apply<Ingress>(INGRESS, change.ingress));
    else if (change.kind === 'discard') await discard(work, change.ingress);
    else await work.record({ status: change.status });
  },
});

/** Its owner is gone; the collector would take it away later, and with it the host of the tenant that came back. */
async function discard(work: TenantWork, ingress: Ingress): Promise<void> {
  await work.dependencies.kubernetes.delete(INGRESS, ingress.metadata, { uid: ingress.metadata.uid });
  work.ingressIs(undefined);
}

/** With its uid: where another has taken the name meanwhile, the API server answers with a conflict. */
function onto({ metadata: { uid } }: Ingress, wanted: Ingress): Ingress {
  return { ...wanted, metadata: { ...wanted.metadata, uid } };
}

/** The hash tells what was applied last (fields we no longer want are gone); the fields tell what has become of it since. */
function isAsApplied(live: Ingress, wanted: Ingress): boolean {
  return (
    annotationOf(live, ANNOTATION.appliedHash) === annotationOf(wanted, ANNOTATION.appliedHash) &&
    includes(live.metadata.labels, wanted.metadata.labels) &&
    includes(live.metadata.annotations, wanted.metadata.annotations) &&
    includes(live.spec, wanted.spec)
  );
}

function ingressConflict(work: TenantWork, organization: Organization): Verdict<Change> {
  return {
    kind: 'failed',
    reason: 'IngressConflict',
    message: `The Ingress "${ingressName(work.tenant.metadata.name)}" exists and does not belong to this tenant. Delete or rename it; the operator then makes its own.`,
    blocks: organization.firstReadyAt === null,
    retryAfterMs: 60_000,
  };
}
