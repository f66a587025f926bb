/**
 * Step 7: the subscription and AI credits rows. The operator owns the plan and the allowance; billing status and
 * balance belong to the application once the rows are there.
 */
import { ConditionType } from '../api/conditions.ts';
import type { Organization } from '../master/organization.ts';
import { defineStep, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Wanted {
  readonly plan: string;
  readonly monthlyAllowance: number;
  readonly trialDays: number;
}

type Change = Wanted;

export const subscription = defineStep<TenantWork, Organization, Change>({
  name: StepName.Subscription,
  condition: ConditionType.SubscriptionReady,
  observe: (work) => work.organization(),
  diff(work, organization): Verdict<Change> {
    const wanted = wantedSubscription(work);
    const rows = organization.subscription;
    if (wanted === undefined) return rows === null ? planMissing(work) : { kind: 'inSync', message: `Plan ${rows.plan}` };
    if (rows?.plan !== wanted.plan || rows.monthlyAllowance !== wanted.monthlyAllowance) {
      return { kind: 'outOfSync', change: wanted };
    }
    return { kind: 'inSync', message: `Plan ${rows.plan}` };
  },
  async apply(work, wanted) {
    await work.record({ subscription: wanted });
  },
});

/** Undefined while the plan does not exist: the last values stay. */
function wantedSubscription(work: TenantWork): Wanted | undefined {
  const plan = work.plan();
  if (plan === undefined) return undefined;
  return {
    plan: plan.metadata.name,
    monthlyAllowance: work.tenant.spec.aiCredits.monthlyAllowance ?? plan.spec.aiCredits.monthlyAllowance,
    trialDays: plan.spec.subscription.trialDays,
  };
}

function planMissing(work: TenantWork): Verdict<Change> {
  const message = `No TenantPlan is named "${work.tenant.spec.plan}". Create it, or correct spec.plan.`;
  return { kind: 'waiting', reason: 'PlanNotFound', message, blocks: true };
}
