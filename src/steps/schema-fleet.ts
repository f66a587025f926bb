/**
 * All migrations at once, as one operator process sees them: the Jobs in the cache, corrected by what this process has
 * just written, and what was there when it began to lead. Separate from the step, which looks at one tenant.
 *
 * Nothing is remembered that the cluster does not tell: a Job that this process made counts from before it is posted
 * until the cache has heard of it, so that the limit holds whatever the cache's age.
 */
import { LABELS } from '../api/group.ts';
import { keyOf } from '../api/object-meta.ts';
import { JOB } from '../api/resources.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import { isForbidden } from '../clients/kubernetes/errors.ts';
import type { Kubernetes, List } from '../clients/kubernetes/kubernetes.ts';
import { MIGRATION_COMPONENT } from '../desired/migration-keys.ts';
import { byAge, migrationRun, type Job, type MigrationRun } from '../desired/migration-run.ts';
import { rollout, type Rollout } from '../desired/rollout.ts';
import type { Store } from '../runtime/store.ts';
import { SlotQueue } from './schema-slots.ts';

export interface MigrationFleetOptions {
  readonly kubernetes: Kubernetes;
  readonly jobs: Store<Job>;
  readonly releases: Store<SchemaRelease>;
  readonly namespaces: readonly string[] | '*';
  /** Migrations at once on one server. */
  readonly maxParallel: number;
}

/** Of one PostgreSQL server. */
export interface Slots {
  readonly running: number;
  readonly limit: number;
}

interface View {
  readonly runs: readonly MigrationRun[];
  readonly byTenant: ReadonlyMap<string, readonly MigrationRun[]>;
  readonly rollout: Rollout;
}

const PAGE = 500;

/** The API server would not have a tenant's Job or Secret: quota, admission. */
export interface Refused {
  readonly message: string;
  /** Not tried again before. */
  readonly untilMs: number;
}

export class MigrationFleet {
  readonly #waiting = new SlotQueue();
  readonly #options: MigrationFleetOptions;
  /** What was written or read past the cache, until the cache hears of that Job; undefined: deleted. */
  readonly #newer = new Map<string, Job | undefined>();
  /** By tenant uid. A pause and no more: whoever has forgotten it asks the API server again. */
  readonly #refused = new Map<string, Refused>();
  #view: View | undefined;
  #adopted: Promise<void> | undefined;

  constructor(options: MigrationFleetOptions) {
    this.#options = options;
    options.releases.onChange(() => {
      this.#view = undefined;
    });
    options.jobs.onChange((key, before, after) => {
      this.#newer.delete(key);
      this.#view = undefined;
      const server = serverOf(after ?? before);
      if (server !== undefined) this.#wake(server);
    });
  }

  /** A tenant's migrations, oldest first. */
  runsOf(tenantUid: string): readonly MigrationRun[] {
    return this.#current().byTenant.get(tenantUid) ?? [];
  }

  runs(): readonly MigrationRun[] {
    return this.#current().runs;
  }

  rollout(): Rollout {
    return this.#current().rollout;
  }

  slots(server: string): Slots {
    const running = this.runs().filter((run) => run.server === server && run.phase === 'running').length;
    return { running, limit: this.#options.maxParallel };
  }

  /**
   * Takes a slot for a Job that is about to be posted; false when none is free. It counts as there from now on, until
   * `forget` or until the cache hears of it.
   */
  take(job: Job): boolean {
    const server = serverOf(job) ?? '';
    const { running, limit } = this.slots(server);
    if (running >= limit) return false;
    this.saw(keyOf(job), job);
    return true;
  }

  /** What the API server has answered about a Job: newer than the cache. Undefined: it is not there. */
  saw(key: string, job: Job | undefined): void {
    // Of a Job that is neither there nor in the cache nothing more will be heard.
    if (job === undefined && this.#options.jobs.get(key) === undefined) return this.forget(key);
    this.#newer.set(key, job);
    this.#view = undefined;
  }

  /** Back to what the cache says. */
  forget(key: string): void {
    const server = serverOf(this.#newer.get(key));
    this.#newer.delete(key);
    this.#view = undefined;
    if (server !== undefined) this.#wake(server);
  }

  wasRefused(tenantUid: string, refused: Refused): void {
    this.#refused.set(tenantUid, refused);
  }

  refusalOf(tenantUid: string, nowMs: number): Refused | undefined {
    const refused = this.#refused.get(tenantUid);
    if (refused !== undefined && refused.untilMs <= nowMs) this.#refused.delete(tenantUid);
    return this.#refused.get(tenantUid);
  }

  /** @param wake reconciles the tenant (namespace/name) soon: a slot is free */
  onFreeSlot(wake: (tenantKey: string) => void): void {
    this.#waiting.onFree(wake);
  }

  waitForSlot(server: string, tenantKey: string): void {
    this.#waiting.add(server, tenantKey);
    // One may have come free since it was looked for.
    this.#wake(server);
  }

  waitsNoLonger(server: string, tenantKey: string): void {
    this.#waiting.remove(server, tenantKey);
  }

  /** The cache has not heard of it: only reading it by name tells whether it is there. */
  isUnconfirmed(key: string): boolean {
    return this.#newer.get(key) !== undefined && this.#options.jobs.get(key) === undefined;
  }

  /**
   * Reads all migration Jobs once, past the cache, before this process makes its first: what a former leader posted last
   * may not have reached the cache. From then on every other Job is of our own making.
   */
  adopt(): Promise<void> {
    this.#adopted ??= this.#adopt().catch((error: unknown) => {
      this.#adopted = undefined;
      throw error;
    });
    return this.#adopted;
  }

  async #adopt(): Promise<void> {
    const { namespaces } = this.#options;
    for (const namespace of namespaces === '*' ? [undefined] : namespaces) await this.#adoptNamespace(namespace);
  }

  async #adoptNamespace(namespace: string | undefined): Promise<void> {
    const { kubernetes, jobs } = this.#options;
    const labelSelector = `${LABELS.component}=${MIGRATION_COMPONENT}`;
    let next: string | undefined;
    do {
      const page = await kubernetes.list<Job>(JOB, { namespace, labelSelector, limit: PAGE, continue: next }).catch(noneWithoutRights);
      for (const job of page.items) if (jobs.get(keyOf(job)) === undefined) this.saw(keyOf(job), job);
      next = page.continue;
    } while (next !== undefined && next !== '');
  }

  #wake(server: string): void {
    const { running, limit } = this.slots(server);
    this.#waiting.wake(server, limit - running);
  }

  #current(): View {
    this.#view ??= this.#compute();
    return this.#view;
  }

  #compute(): View {
    const { jobs, releases } = this.#options;
    const known = new Map(jobs.list().map((job): [string, Job | undefined] => [keyOf(job), job]));
    for (const [key, job] of this.#newer) known.set(key, job);
    const runs = [...known.values()].flatMap((job) => (job === undefined ? [] : (migrationRun(job) ?? []))).toSorted(byAge);
    return { runs, byTenant: Map.groupBy(runs, (run) => run.tenantUid), rollout: rollout(releases.list(), runs) };
  }
}

/** The rights in a namespace go before the namespace does; where we may not look we have made no Job that still runs. */
function noneWithoutRights(error: unknown): List<Job> {
  if (isForbidden(error)) return { items: [], resourceVersion: '' };
  throw error;
}

function serverOf(job: Job | undefined): string | undefined {
  return job === undefined ? undefined : migrationRun(job)?.server;
}
