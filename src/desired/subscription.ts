/** What a tenant is to be subscribed to. Pure, and separate from the step, because the drift sweep asks the same. */
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { TenantPlan } from '../api/tenant-plan.ts';
import type { Organization, WantedSubscription } from '../master/organization.ts';

/** Undefined while the plan does not exist: the last values stay. */
export function wantedSubscription(tenant: StudioTenant, plan: TenantPlan | undefined): WantedSubscription | undefined {
  if (plan === undefined) return undefined;
  return {
    plan: plan.metadata.name,
    monthlyAllowance: tenant.spec.aiCredits.monthlyAllowance ?? plan.spec.aiCredits.monthlyAllowance,
    trialDays: plan.spec.subscription.trialDays,
  };
}

/** The length of the trial counts only when the subscription is made. */
export function subscriptionDiffers(wanted: WantedSubscription, found: Organization['subscription']): boolean {
  return found?.plan !== wanted.plan || found.monthlyAllowance !== wanted.monthlyAllowance;
}
