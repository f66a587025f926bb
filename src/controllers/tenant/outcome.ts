/**
 * What one pass over the steps came to: each step's verdict, or the error that ended the pass.
 * Separate from the status so that deciding what to say and running the steps are two things.
 */
import { isNamespaceTerminating, KubernetesError } from '../../clients/kubernetes/errors.ts';
import { sqlState } from '../../clients/postgres/sql-state.ts';
import { MasterDatabaseRefused } from '../../master/refused.ts';
import { OrganizationStatus } from '../../master/organization.ts';
import { Unavailable } from '../../runtime/unavailable.ts';
import { ServerBusy } from '../../servers/busy.ts';
import { ServerNotReady } from '../../servers/servers.ts';
import type { TenantMetrics } from '../../steps/metrics.ts';
import { NOT_CONVERGED, type Settled, type Step, StepName } from '../../steps/step.ts';
import { ConditionType } from '../../api/conditions.ts';
import type { TenantWork } from '../../steps/tenant-work.ts';

export interface StepOutcome {
  readonly step: StepName;
  readonly condition: ConditionType | undefined;
  readonly verdict: Settled;
}

/** An error that is no verdict: tried again with backoff. */
export interface Problem {
  readonly step: StepName | 'Deletion';
  readonly condition: ConditionType | undefined;
  readonly reason: string;
  readonly message: string;
  readonly code: string | undefined;
  /** The tenant's own server cannot be used: it is not served, whatever it was before. */
  readonly stopsServing: boolean;
  readonly error: unknown;
}

export interface Outcome {
  readonly steps: readonly StepOutcome[];
  readonly problem: Problem | undefined;
}

/** Runs the steps in order until one blocks or throws. */
export async function runSteps(steps: readonly Step<TenantWork>[], work: TenantWork, metrics: TenantMetrics): Promise<Outcome> {
  const done: StepOutcome[] = [];
  for (const step of steps) {
    const ran = await runStep(step, work, metrics);
    if ('error' in ran) {
      // What was done so far stays done, and is worth writing down; the first error is the one to tell.
      await flush(work);
      return { steps: done, problem: ran };
    }
    done.push({ step: step.name, condition: step.condition, verdict: ran });
    if (ran.kind !== 'inSync' && ran.blocks) break;
  }
  return { steps: done, problem: await finish(work, done.at(-1)?.verdict) };
}

/** Tells applications, through the master database, that a tenant needs a person before it can be served, or does not any more. */
async function finish(work: TenantWork, last: Settled | undefined): Promise<Problem | undefined> {
  const organization = await work.knownOrganization();
  const isFailed = organization?.status === OrganizationStatus.Failed;
  const fails = last?.kind === 'failed' && last.blocks;
  if (organization !== undefined && fails !== isFailed) {
    const status = fails ? OrganizationStatus.Failed : OrganizationStatus.Provisioning;
    await work.record({ status, ...(fails ? { reason: last.reason } : {}) });
  }
  return flush(work);
}

/** Before anything is said of this pass: Ready means that the rows say so too. */
async function flush(work: TenantWork): Promise<Problem | undefined> {
  try {
    await work.flush();
    return undefined;
  } catch (error) {
    return problemOf(StepName.Organization, error, work, ConditionType.Registered);
  }
}

async function runStep(step: Step<TenantWork>, work: TenantWork, metrics: TenantMetrics): Promise<Settled | Problem> {
  const startedMs = work.dependencies.clock.monotonicMs();
  const seconds = (): number => (work.dependencies.clock.monotonicMs() - startedMs) / 1_000;
  try {
    work.signal.throwIfAborted();
    const verdict = strict(await step.run(work), work);
    metrics.step(step.name, verdict.kind, seconds());
    return verdict;
  } catch (error) {
    metrics.step(step.name, 'error', seconds());
    return verdictOf(error) ?? problemOf(step.name, error, work, step.condition);
  }
}

/** What does not converge may be anything that a step makes: who is served goes on, but nobody becomes Ready by it. */
function strict(verdict: Settled, { wasReady }: TenantWork): Settled {
  const isOpen = verdict.kind === 'failed' && verdict.reason === NOT_CONVERGED && !wasReady;
  return isOpen ? { ...verdict, blocks: true } : verdict;
}

/** Errors that are findings rather than faults: nothing is gained by trying again soon. */
function verdictOf(error: unknown): Settled | undefined {
  if (error instanceof ServerNotReady) {
    return { kind: 'waiting', reason: error.reason, message: error.message, blocks: true, retryAfterMs: 60_000 };
  }
  if (isNamespaceTerminating(error)) {
    const message = 'The namespace is being deleted; nothing is created in it.';
    return { kind: 'waiting', reason: 'NamespaceTerminating', message, blocks: true, retryAfterMs: 60_000 };
  }
  return undefined;
}

/** Tells an error apart by what it says about the tenant. `step` is where it happened. */
export function problemOf(step: StepName | 'Deletion', error: unknown, work: TenantWork, condition?: ConditionType): Problem {
  return { step, condition, error, ...describe(step, error, work) };
}

type Description = Pick<Problem, 'reason' | 'message' | 'code' | 'stopsServing'>;

const AGAIN = 'tried again with growing pauses';
const SEE_LOG = "The operator's log has the details.";

function describe(step: string, error: unknown, work: TenantWork): Description {
  if (error instanceof Unavailable) return describeUnavailable(error);
  // Says itself what a person has to do.
  if (error instanceof MasterDatabaseRefused) return aside('MasterRefused', error.message, error.reason);
  if (error instanceof ServerBusy) return aside('ServerBusy', `${step} waits: ${error.message}; ${AGAIN}.`);
  const code = sqlState(error);
  if (code !== undefined) {
    return aside('PostgresError', `${step} was refused by PostgreSQL (SQLSTATE ${code}); ${AGAIN}. ${SEE_LOG}`, code);
  }
  if (error instanceof KubernetesError) {
    const message = `${step} was refused by the API server (${error.code} ${error.reason}); ${AGAIN}. ${SEE_LOG}`;
    return aside('KubernetesError', message, String(error.code));
  }
  if (work.signal.aborted) return aside('DeadlineExceeded', `${step} did not end in time; ${AGAIN}.`);
  return aside('StepFailed', `${step} failed; ${AGAIN}. ${SEE_LOG}`);
}

function describeUnavailable({ system, target }: Unavailable): Description {
  if (system === 'server') {
    const message = `PostgreSQL server "${target ?? ''}" cannot be reached; ${AGAIN}.`;
    return { reason: 'ServerUnavailable', message, code: undefined, stopsServing: true };
  }
  if (system === 'master') return aside('MasterUnavailable', `The master database cannot be reached; ${AGAIN}.`);
  return aside('ApiServerUnavailable', `The API server cannot be reached; ${AGAIN}.`);
}

/** Says nothing about whether the tenant is served. */
function aside(reason: string, message: string, code?: string): Description {
  return { reason, message, code, stopsServing: false };
}
