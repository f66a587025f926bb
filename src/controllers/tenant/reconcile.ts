/**
 * The tenant reconciler, the story in one screen: get, leave alone what is paused, take down what is being deleted,
 * otherwise run the steps; and say what came of it, on every exit.
 */
import { ANNOTATION, annotationOf } from '../../api/annotations.ts';
import { STUDIO_TENANT } from '../../api/resources.ts';
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ReconcileContext, Reconciler, Result } from '../../runtime/reconciler.ts';
import { keyOfRequest } from '../../runtime/reconciler.ts';
import { steps } from '../../steps/index.ts';
import type { TenantMetrics } from '../../steps/metrics.ts';
import { StepName } from '../../steps/step.ts';
import { type TenantDependencies, TenantWork } from '../../steps/tenant-work.ts';
import { writeStatus } from '../write-status.ts';
import { deleteTenant } from './deletion.ts';
import { deletionStatus } from './deletion-status.ts';
import { noteTransition } from './events.ts';
import { type Outcome, problemOf, runSteps } from './outcome.ts';
import { isPaused, pausedStatus, tenantStatus } from './status.ts';
import { UnguardedDeletions } from './unguarded-deletions.ts';
import { WrittenStatuses } from './written-statuses.ts';

/** What the controller must do beside looking at this tenant again. */
export interface TenantHooks {
  /** Subdomains and domains that are free now. */
  released(claims: readonly string[]): void;
  readonly metrics: TenantMetrics;
  /** Whether the login is to be proven although nothing changed; asked once per reconcile. */
  takeProofRequest(key: string): boolean;
}

export function tenantReconciler(dependencies: TenantDependencies, hooks: TenantHooks): Reconciler {
  const written = new WrittenStatuses();
  const unguarded = new UnguardedDeletions();
  return async (request, { log, signal }) => {
    const key = keyOfRequest(request);
    const cached = dependencies.caches.tenants.get(key);
    if (cached === undefined) return takeDownUnguarded({ key, dependencies, unguarded, log, signal }, hooks);
    const tenant = written.onto(cached);
    const report: Report = async (status) => {
      const object = await writeStatus(dependencies.kubernetes, STUDIO_TENANT, tenant, status);
      if (object !== undefined) written.remember(object);
    };
    if (isPaused(tenant)) {
      await report(pausedStatus(tenant, timestamp(dependencies.clock)));
      return {};
    }
    if (tenant.metadata.deletionTimestamp === undefined) unguarded.seen(key, tenant, dependencies.clock.monotonicMs());
    else unguarded.forget(key);
    const proveLogin = hooks.takeProofRequest(key);
    const work = new TenantWork({ tenant, dependencies, log, signal, proveLogin });
    return tenant.metadata.deletionTimestamp === undefined ? provision(work, hooks, report) : remove(work, hooks, report);
  };
}

/** Writes the status where it differs, and remembers it until the cache has it. */
type Report = (status: StudioTenantStatus) => Promise<void>;

interface Unguarded extends Pick<ReconcileContext, 'log' | 'signal'> {
  readonly key: string;
  readonly dependencies: TenantDependencies;
  readonly unguarded: UnguardedDeletions;
}

/** A tenant that went before its finalizer could hold it is taken down as any other; there is no object to write a status to. */
async function takeDownUnguarded({ key, dependencies, unguarded, log, signal }: Unguarded, hooks: TenantHooks): Promise<Result> {
  const tenant = unguarded.of(key, dependencies.clock.monotonicMs());
  if (tenant === undefined) return {};
  log.info('gone before its finalizer could hold it: taking down what was made');
  const result = await remove(new TenantWork({ tenant, dependencies, log, signal }), hooks, async () => {});
  if (result.requeueAfterMs === undefined) unguarded.forget(key);
  return result;
}

async function provision(work: TenantWork, hooks: TenantHooks, report: Report): Promise<Result> {
  const outcome = await runSteps(steps, work, hooks.metrics);
  const { dependencies, tenant } = work;
  // A retry is a new attempt of what failed; where that came before the schema, this was it.
  if (!outcome.steps.some(({ step }) => step === StepName.Schema)) work.report.handledRetry ??= annotationOf(tenant, ANNOTATION.retry);
  const organization = await work.knownOrganization();
  const status = tenantStatus({
    tenant,
    outcome,
    organization,
    report: work.report,
    config: dependencies.config,
    now: timestamp(dependencies.clock),
  });
  await report(status);
  noteTransition(dependencies.events, tenant, status);
  if (isFirstReady(tenant, status)) hooks.metrics.becameReady(secondsSince(tenant.metadata.creationTimestamp, dependencies));
  hooks.released(work.report.releasedClaims);
  // Thrown only now: the status has been written, and the controller logs it and tries again with backoff.
  if (outcome.problem !== undefined) throw outcome.problem.error;
  return { requeueAfterMs: soonest(outcome) };
}

async function remove(work: TenantWork, hooks: TenantHooks, report: Report): Promise<Result> {
  const { dependencies, tenant } = work;
  try {
    const result = await deleteTenant(work);
    if (result.kind === 'done') {
      hooks.released(work.report.releasedClaims);
      return {};
    }
    await report(deletionStatus(tenant, result, timestamp(dependencies.clock)));
    return { requeueAfterMs: result.retryAfterMs };
  } catch (error) {
    const problem = problemOf('Deletion', error, work);
    await report(deletionStatus(tenant, problem, timestamp(dependencies.clock)));
    throw error;
  }
}

/** The earliest time at which a step wants to look again. */
function soonest({ steps: done }: Outcome): number | undefined {
  const times = done.flatMap(({ verdict }) =>
    'retryAfterMs' in verdict && verdict.retryAfterMs !== undefined ? [verdict.retryAfterMs] : [],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

function isFirstReady(tenant: StudioTenant, status: StudioTenantStatus): boolean {
  const never = tenant.status?.phase === undefined || ['Pending', 'Provisioning', 'Failed'].includes(tenant.status.phase);
  return never && status.phase === 'Ready';
}

function secondsSince(timestamp: string, dependencies: TenantDependencies): number {
  return (dependencies.clock.now().getTime() - Date.parse(timestamp)) / 1_000;
}
