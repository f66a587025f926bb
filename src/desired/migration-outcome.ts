/**
 * Why a migration failed, read from its pods, and how that is kept on its Job. Pure. Separate because it is read once
 * and shown many times: a pod may be collected, and its message with it.
 */
import type { KubernetesObject } from '../api/object-meta.ts';
import { masked } from './masking.ts';
import { MIGRATION_CONTAINER } from './migration-keys.ts';
import { MIGRATE_EXIT, parseFailureBlock } from './migration-report.ts';
import type { JobCondition } from './migration-run.ts';

/** The parts of a Pod that count. */
export interface Pod extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
  };
}

export interface MigrationOutcome {
  /** What happened, for people: no password, at most 1,500 characters. */
  readonly message: string;
  readonly exitCode?: number;
  readonly sqlState?: string;
  /** Name of the migration file. */
  readonly file?: string;
  /** The cause may go away by itself: another attempt is made without being asked for. */
  readonly transient: boolean;
}

const MAX_MESSAGE = 1_500;

/** SQLSTATE class of errors whose detail quotes the customer's rows. */
const INTEGRITY_VIOLATION = '23';

/** Lock not available, deadlock, serialization failure: the application keeps the migration out. */
const LOCKED: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);

export interface FailedRun {
  readonly pods: readonly Pod[];
  /** The Job's own word. */
  readonly condition: JobCondition | undefined;
  /** Texts to mask, beside everything that looks like a password. */
  readonly secrets: readonly string[];
  /** A lock that was not to be had is worth another attempt; not for ever, as a server that is away is. */
  readonly locksMayBeRetried: boolean;
}

export function migrationOutcome(run: FailedRun): MigrationOutcome {
  const pod = lastFailed(run.pods);
  return pod === undefined ? { message: ofCondition(run.condition), transient: false } : ofPod(pod, run);
}

function ofPod(pod: Pod, run: FailedRun): MigrationOutcome {
  const terminated = containerOf(pod)?.state?.terminated;
  const output = masked(terminated?.message ?? '', run.secrets).trim();
  const failure = parseFailureBlock(output);
  const message = [ending(pod), explanation(failure, output)].filter((part) => part !== '').join(': ');
  const known = { exitCode: terminated?.exitCode, sqlState: failure?.sqlState, file: failure?.file };
  return {
    message: message.slice(0, MAX_MESSAGE),
    ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Partial<MigrationOutcome>),
    transient: known.exitCode === MIGRATE_EXIT.transient && isWorthAnother(run, known.sqlState),
  };
}

function isWorthAnother({ locksMayBeRetried }: FailedRun, sqlState: string | undefined): boolean {
  return locksMayBeRetried || !LOCKED.has(sqlState ?? '');
}

/** As kept in an annotation. */
export function parseOutcome(text: string | undefined): MigrationOutcome | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<MigrationOutcome> | null;
    if (typeof value?.message !== 'string' || typeof value.transient !== 'boolean') return undefined;
    return value as MigrationOutcome;
  } catch {
    // Not what the operator wrote: it looks at the pods again and writes it anew.
    return undefined;
  }
}

/** Pods have no finish time of their own that all endings share; names do not sort, creation times do. */
function lastFailed(pods: readonly Pod[]): Pod | undefined {
  return pods
    .filter(({ status }) => status?.phase === 'Failed')
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
}

export function containerOf(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === MIGRATION_CONTAINER);
}

/** How it ended: the pod's own reason (DeadlineExceeded, Evicted) says more than the exit code of a killed process. */
function ending(pod: Pod): string {
  const terminated = containerOf(pod)?.state?.terminated;
  const why = reasonsOf(pod, terminated?.reason).join(', ');
  if (terminated === undefined) return why;
  return why === '' ? `exit code ${terminated.exitCode}` : `exit code ${terminated.exitCode} (${why})`;
}

/** `Error` is the container's word for any exit code but 0. */
function reasonsOf({ status = {} }: Pod, ofContainer: string | undefined): readonly string[] {
  const reasons = status.reason === undefined ? [ofContainer === 'Error' ? undefined : ofContainer] : [status.reason, status.message];
  return reasons.filter((reason) => reason !== undefined && reason !== '') as readonly string[];
}

function explanation(failure: ReturnType<typeof parseFailureBlock>, output: string): string {
  if (failure === undefined) return output.split('\n').slice(-8).join('\n');
  const line = failure.line === undefined ? '' : ` line ${failure.line}`;
  const where = failure.file === undefined ? '' : ` in ${failure.file}${line}`;
  const state = failure.sqlState === undefined ? '' : ` (SQLSTATE ${failure.sqlState}${where})`;
  return [`${failure.error}${state === '' ? where : state}`, detailOf(failure), failure.hint]
    .filter((part) => part !== undefined)
    .join('. ');
}

function detailOf({
  sqlState,
  detail,
}: {
  readonly sqlState?: string | undefined;
  readonly detail?: string | undefined;
}): string | undefined {
  return sqlState?.startsWith(INTEGRITY_VIOLATION) === true && detail !== undefined ? "The rows are in the Job's log" : detail;
}

function ofCondition(condition: JobCondition | undefined): string {
  const said = [condition?.reason, condition?.message].filter((part) => part !== undefined && part !== '').join(': ');
  return said === '' ? 'its pods are gone, and their log with them' : `${said} (its pods are gone, and their log with them)`;
}
