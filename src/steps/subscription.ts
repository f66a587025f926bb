/**
 * Step 7: the subscription and AI credits rows. The operator owns the plan and the allowance; billing status and
 * balance belong to the application once the rows are there.
 */
import { ConditionType } from '../api/conditions.ts';
import { subscriptionDiffers, wantedSubscription } from '../desired/subscription.ts';
import type { Organization, WantedSubscription } from '../master/organization.ts';
import { defineStep, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

export const subscription = defineStep<TenantWork, Organization, WantedSubscription>({
  name: StepName.Subscription,
  condition: ConditionType.SubscriptionReady,
  observe: (work) => work.organization(),
  diff(work, organization): Verdict<WantedSubscription> {
    const wanted = wantedSubscription(work.tenant, work.plan());
    const rows = organization.subscription;
    if (wanted === undefined) return rows === null ? planMissing(work) : { kind: 'inSync', message: `Plan ${rows.plan}` };
    if (subscriptionDiffers(wanted, rows)) return { kind: 'outOfSync', change: wanted };
    return { kind: 'inSync', message: `Plan ${wanted.plan}` };
  },
  async apply(work, wanted) {
    await work.record({ subscription: wanted });
  },
});

function planMissing(work: TenantWork): Verdict<WantedSubscription> {
  const message = `No TenantPlan is named "${work.tenant.spec.plan}". Create it, or correct spec.plan.`;
  return { kind: 'waiting', reason: 'PlanNotFound', message, blocks: true };
}
