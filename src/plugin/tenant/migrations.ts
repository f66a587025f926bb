// A tenant's migration Jobs with their pods and logs. Where a log cannot be read any more, the pod's last words stand in for it:
// Kubernetes keeps the end of a failed container's log in its status. Separate because `status` and `logs` both show them.
import { LABELS } from '../../api/group.ts';
import { isRefusal, type Kubectl, KubectlError } from '../kubernetes/kubectl.ts';
import { isTrue, type Job, type List, type Pod, stateOf, type Tenant } from '../kubernetes/objects.ts';
import { type Gap, reading } from '../kubernetes/rights.ts';
import { orNull } from '../session.ts';
import { harmless } from '../terminal/text.ts';

export interface Migration {
  readonly job: string;
  readonly release: string | null;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** RFC 3339. */
  readonly startedAt: string | null;
  readonly pods: readonly MigrationPod[];
}

export interface MigrationPod {
  readonly name: string;
  readonly phase: string;
  readonly exitCode: number | null;
  /** Why it is not at work, in Kubernetes' words. */
  readonly waiting: string | null;
  readonly log: string;
  /** `status`: the pod's own log was not to be had, and these are its last words. */
  readonly logFrom: 'log' | 'status' | 'none';
}

export interface Migrations {
  /** The newest first. */
  readonly migrations: readonly Migration[];
  readonly gaps: readonly Gap[];
}

interface Wanted {
  /** How many Jobs, the newest first. */
  readonly jobs: number;
  /** Lines of each pod's log; -1: all. */
  readonly lines: number;
}

/** As kubectl takes them. */
export const JOBS = 'jobs.batch';
const RELEASE_LABEL = LABELS.release;

export async function gatherMigrations(kubectl: Kubectl, { metadata }: Tenant, wanted: Wanted): Promise<Migrations> {
  const { name, namespace = 'default' } = metadata;
  const selector = `${LABELS.component}=migration,${LABELS.tenant}=${name}`;
  const list = async <T>(kind: string, labels: string): Promise<readonly T[]> =>
    (await kubectl.json<List<T>>(['get', kind, '-n', namespace, '-l', labels])).items;
  const jobs = await reading('migrations', { verb: 'list', resource: JOBS, namespace }, () => list<Job>(JOBS, selector));
  const newest = (jobs.value ?? []).toSorted(newestFirst).slice(0, wanted.jobs);
  if (newest.length === 0) return { migrations: [], gaps: jobs.gap === undefined ? [] : [jobs.gap] };
  const pods = await reading('pods of migrations', { verb: 'list', resource: 'pods', namespace }, () => list<Pod>('pods', selector));
  const logs = new LogReader(kubectl, namespace, wanted.lines);
  const migrations: Migration[] = [];
  for (const job of newest) migrations.push(await migrationOf(job, podsOf(job, pods.value ?? []), logs));
  return { migrations, gaps: [pods.gap, logs.gap].filter((gap) => gap !== undefined) };
}

const newestFirst = (a: { readonly metadata: Job['metadata'] }, b: { readonly metadata: Job['metadata'] }): number =>
  (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');

const podsOf = ({ metadata }: Job, pods: readonly Pod[]): readonly Pod[] =>
  pods.filter((pod) => pod.metadata.labels?.['job-name'] === metadata.name).toSorted(newestFirst);

async function migrationOf(job: Job, pods: readonly Pod[], logs: LogReader): Promise<Migration> {
  const { metadata, status } = job;
  const ended = isTrue(job, 'Failed') ? 'failed' : 'running';
  return {
    job: metadata.name,
    release: orNull(metadata.labels?.[RELEASE_LABEL]),
    state: isTrue(job, 'Complete') ? 'succeeded' : ended,
    startedAt: status?.startTime ?? metadata.creationTimestamp ?? null,
    pods: await Promise.all(pods.map((pod) => podOf(pod, logs))),
  };
}

async function podOf(pod: Pod, logs: LogReader): Promise<MigrationPod> {
  const { waiting, terminated } = stateOf(pod);
  const log = waiting === undefined ? await logs.read(pod.metadata.name) : undefined;
  return {
    name: pod.metadata.name,
    phase: phaseOf(pod),
    exitCode: orNull(terminated?.exitCode),
    waiting: waiting === undefined ? null : harmless(wordsOf(waiting)),
    ...(log === undefined ? fallback(terminated?.message) : { log, logFrom: 'log' }),
  };
}

const phaseOf = ({ status }: Pod): string => status?.phase ?? 'Unknown';
const wordsOf = ({ reason = 'Waiting', message }: { readonly reason?: string; readonly message?: string }): string =>
  message === undefined ? reason : `${reason}: ${message}`;

const fallback = (lastWords: string | undefined): Pick<MigrationPod, 'log' | 'logFrom'> =>
  lastWords === undefined ? { log: '', logFrom: 'none' } : { log: harmless(lastWords), logFrom: 'status' };

class LogReader {
  readonly #kubectl: Kubectl;
  readonly #namespace: string;
  readonly #lines: number;
  gap: Gap | undefined;

  constructor(kubectl: Kubectl, namespace: string, lines: number) {
    this.#kubectl = kubectl;
    this.#namespace = namespace;
    this.#lines = lines;
  }

  /** Undefined: not to be had, because the pod's node is away, the log is gone, or the right is missing. */
  async read(pod: string): Promise<string | undefined> {
    const args = ['logs', pod, '-n', this.#namespace, `--tail=${this.#lines}`];
    const right = { verb: 'get', resource: 'pods/log', namespace: this.#namespace };
    try {
      const { value, gap } = await reading('logs of migrations', right, () => this.#kubectl.text(args));
      this.gap ??= gap;
      return value === undefined ? undefined : harmless(value);
    } catch (error) {
      if (!(error instanceof KubectlError) || isRefusal(error, 'Unauthorized')) throw error;
      return undefined;
    }
  }
}
