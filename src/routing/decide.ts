/*
 * From what was found to what happens: a tenant is served, or the request is answered. Pure, and separate so that the
 * whole rule is one table to read and to test.
 */
import type { AnswerState } from './answer-state.ts';
import type { Resolution } from './directory/directory.ts';
import type { Tenant, TenantState } from './tenant.ts';

/** The tenant to serve, or why not. `minimumRelease`: the least `spec.version` of a SchemaRelease that the application can work with. */
export const decide = (resolution: Resolution, minimumRelease: number | undefined): Tenant | AnswerState => {
  if (resolution.kind === 'tenant') return decideTenant(resolution.tenant, minimumRelease);
  if (resolution.kind === 'unknown') return resolution.why === 'malformed' ? 'malformed' : 'unknown';
  return resolution.kind === 'platform' ? 'platform' : 'deleted';
};

export const decideTenant = (tenant: Tenant, minimumRelease: number | undefined): Tenant | AnswerState => {
  if (tenant.state !== 'active') return answerOfState(tenant.state);
  return minimumRelease === undefined || (tenant.schema?.version ?? 0) >= minimumRelease ? tenant : 'behind';
};

const NOT_SERVED: ReadonlySet<TenantState> = new Set(['provisioning', 'suspended', 'retained', 'deleted', 'failed'] as const);

/** A newer master database may have states that are unknown here: they are not served either. `active`: a change was on its way. */
export const answerOfState = (state: TenantState): AnswerState => (state !== 'active' && NOT_SERVED.has(state) ? state : 'unavailable');
