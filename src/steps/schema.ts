/**
 * Brings a tenant's schema to its release by a Job in the tenant's namespace, one per attempt, at most so many at once
 * per server. The parts: schema-observe (reads), schema-decide (pure), schema-apply and schema-start (write), schema-fleet (all tenants).
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { ConditionType } from '../api/conditions.ts';
import { keyOf } from '../api/object-meta.ts';
import type { StudioTenantStatus } from '../api/studio-tenant.ts';
import { applySchema } from './schema-apply.ts';
import { decideSchema, isAtWork, type SchemaChange, type SchemaObserved } from './schema-decide.ts';
import { observeSchema } from './schema-observe.ts';
import { defineStep, type Settled, type Step, StepName } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

export { removeMigrationJobs } from './schema-remove.ts';

const converging = defineStep<TenantWork, SchemaObserved, SchemaChange>({
  name: StepName.Schema,
  condition: ConditionType.SchemaReady,
  async observe(work) {
    const observed = await observeSchema(work);
    const status = schemaStatus(observed);
    // An empty one is only worth saying where more was said before.
    if (Object.keys(status).length > 0 || work.tenant.status?.schema !== undefined) work.report.schema = status;
    return observed;
  },
  diff: (_work, observed) => decideSchema(observed),
  apply: applySchema,
});

export const schema: Step<TenantWork> = {
  ...converging,
  async run(work) {
    const verdict = await converging.run(work);
    await queueForSlot(work, verdict);
    reportRetry(work, verdict);
    return verdict;
  },
};

function schemaStatus({ recorded, target, runs }: SchemaObserved): NonNullable<StudioTenantStatus['schema']> {
  const running = runs.find(isAtWork);
  return {
    ...(recorded === undefined ? {} : { release: recorded.release, version: recorded.version }),
    ...(target.kind === 'release' ? { target: target.release.spec.version } : {}),
    ...(running === undefined ? {} : { job: running.name }),
  };
}

async function queueForSlot(work: TenantWork, verdict: Settled): Promise<void> {
  const { migrations } = work.dependencies;
  const { serverName } = await work.organization();
  const key = keyOf(work.tenant);
  if (verdict.kind === 'waiting' && verdict.reason === 'WaitingForSlot') migrations.waitForSlot(serverName, key);
  else migrations.waitsNoLonger(serverName, key);
}

/** A retry has been acted on when an attempt was made under it, or when there was nothing to try again. */
function reportRetry(work: TenantWork, verdict: Settled): void {
  const { tenant, dependencies } = work;
  const asked = annotationOf(tenant, ANNOTATION.retry);
  if (asked === undefined) return;
  const attempted = dependencies.migrations.runsOf(tenant.metadata.uid).some((run) => run.tenantRetry === asked);
  if (attempted || verdict.kind === 'inSync') work.report.handledRetry = asked;
}
