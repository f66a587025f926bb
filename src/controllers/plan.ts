/**
 * The TenantPlan reconciler. A plan needs nothing done; what it gets is a status, so that tools which wait for every
 * object of a release to be Current are not left waiting.
 */
import { ConditionType, setCondition } from '../api/conditions.ts';
import { TENANT_PLAN } from '../api/resources.ts';
import type { TenantPlan } from '../api/tenant-plan.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { type Clock, timestamp } from '../runtime/clock.ts';
import { keyOfRequest, type Reconciler } from '../runtime/reconciler.ts';
import type { Store } from '../runtime/store.ts';
import { writeStatus } from './write-status.ts';

export function planReconciler(plans: Store<TenantPlan>, kubernetes: Kubernetes, clock: Clock): Reconciler {
  return async (request) => {
    const plan = plans.get(keyOfRequest(request));
    if (plan === undefined || plan.metadata.deletionTimestamp !== undefined) return {};
    const observedGeneration = plan.metadata.generation;
    const conditions = setCondition(
      plan.status?.conditions,
      { type: ConditionType.Ready, status: 'True', reason: 'Valid', message: 'Tenants may name this plan', observedGeneration },
      timestamp(clock),
    );
    await writeStatus(kubernetes, TENANT_PLAN, plan, { ...plan.status, observedGeneration, conditions });
    return {};
  };
}
