/*
 * The directory that reads the master database: memory, lookups and the link to it, put together. Separate from its parts
 * because the rule of what is answered when is here, and only here.
 */
import { type NoHostName, parseHostName, plainBaseDomain } from '../host-name.ts';
import type { Tenant } from '../tenant.ts';
import { Announcer } from './announcer.ts';
import { type CacheLimits, HostCache, type Remembered } from './cache.ts';
import type { Change } from './change.ts';
import type { DirectoryHooks, DirectoryStats, Resolution, TenantDirectory } from './directory.ts';
import { Lookups } from './lookups.ts';
import { masterAddress, type MasterOptions } from './master-address.ts';
import { MasterLink } from './master-link.ts';
import { createPace } from './pace.ts';
import { couldBeOrganization, type Name } from './question.ts';
import { tenantReader } from './route-query.ts';

export interface DirectoryOptions extends Partial<CacheLimits> {
  /** The master database, as a login that `grant_application` was called for. Not through a transaction pooler. */
  readonly master: string | MasterOptions;
  /** Subdomains are labels under it. */
  readonly baseDomain: string;
  /** For connecting to the master database, and for each query; milliseconds. Default 2,000. */
  readonly lookupTimeoutMs?: number | undefined;
  /** How many hosts that nothing is known of may wait to be asked for; more get Overloaded. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** How its connections call themselves in pg_stat_activity. Default: studio-routing. */
  readonly applicationName?: string | undefined;
  readonly hooks?: DirectoryHooks | undefined;
}

const DEFAULT_LIMITS: CacheLimits = {
  maxTenants: 20_000,
  maxUnknown: 10_000,
  unknownTtlMs: 10_000,
  refreshAfterMs: 60_000,
  servedStaleForMs: 3_600_000,
};
const LOOKUP_TIMEOUT_MS = 2_000;
const MAX_WAITING = 1_000;
/** Of hosts that are known: they go first. */
const URGENT = { isUrgent: true } as const;

const PLATFORM: Resolution = { kind: 'platform' };
const NOBODYS: Readonly<Record<NoHostName, Resolution>> = {
  malformed: { kind: 'unknown', why: 'malformed' },
  address: { kind: 'unknown', why: 'address' },
  nested: { kind: 'unknown', why: 'nested' },
  unqualified: { kind: 'unknown', why: 'unqualified' },
};

/** Begins to listen at once; `close` ends it. Throws TypeError or RangeError for options that make no sense. */
export function createTenantDirectory(options: DirectoryOptions): TenantDirectory {
  return new MasterDirectory(options);
}

class MasterDirectory implements TenantDirectory {
  readonly #baseDomain: string;
  readonly #cache: HostCache;
  readonly #lookups: Lookups;
  readonly #announcer: Announcer;
  readonly #link: MasterLink;
  readonly #count = { hits: 0, misses: 0, stale: 0 };

  constructor({ master, baseDomain, lookupTimeoutMs, maxWaiting, applicationName, hooks, ...limits }: DirectoryOptions) {
    this.#baseDomain = plainBaseDomain(baseDomain);
    this.#cache = new HostCache({ ...DEFAULT_LIMITS, ...definedOf(limits) });
    this.#lookups = new Lookups({
      ask: (question) => this.#link.ask(question),
      read: tenantReader(),
      onFound: (name, tenant, verifiedAt) => this.#remember(name, tenant, verifiedAt),
      onFailed: (error) => this.#link.fail(error),
      pace: createPace(),
      maxWaiting: maxWaiting ?? MAX_WAITING,
    });
    this.#announcer = new Announcer(hooks ?? {});
    this.#link = new MasterLink({
      address: masterAddress(master),
      session: { applicationName: applicationName ?? 'studio-routing', timeoutMs: lookupTimeoutMs ?? LOOKUP_TIMEOUT_MS },
      announcer: this.#announcer,
      onChange: (change, isListening) => this.#change(change, isListening),
    });
  }

  find(host: string): Resolution | Promise<Resolution> {
    const name = parseHostName(host, this.#baseDomain);
    if (name.kind === 'tenant') return this.#whose(name.key);
    return name.kind === 'platform' ? PLATFORM : NOBODYS[name.why];
  }

  async refresh(organizationId: number): Promise<Tenant | undefined> {
    // It would fail in the query, and take the others that are asked for in it along.
    if (!couldBeOrganization(organizationId)) return undefined;
    const refusal = this.#link.refusal();
    if (refusal !== undefined) throw refusal;
    const resolution = await this.#lookups.organization(organizationId);
    return resolution.kind === 'tenant' ? resolution.tenant : undefined;
  }

  onChange(listener: (organizationId: number | undefined) => void): () => void {
    return this.#announcer.onChange(listener);
  }

  stats(): DirectoryStats {
    return {
      ...this.#count,
      ...this.#link.stats(),
      known: this.#cache.known,
      unknown: this.#cache.unknown,
      waiting: this.#lookups.waiting,
    };
  }

  ready(): Promise<void> {
    return this.#link.ready;
  }

  close(): Promise<void> {
    this.#link.close();
    this.#lookups.close();
    this.#cache.clear();
    return Promise.resolve();
  }

  #whose(key: string): Resolution | Promise<Resolution> {
    const remembered = this.#cache.get(key);
    if (remembered === undefined) return this.#ask(key, false);
    const freshness = this.#cache.freshness(remembered, performance.now());
    if (freshness === 'expired') return this.#ask(key, remembered.resolution.kind === 'tenant');
    if (freshness === 'doubtful') return this.#verify(key, remembered);
    this.#count.hits += 1;
    // Whether that works is seen by the circuit; this answer does not depend on it.
    if (freshness === 'ageing' && this.#link.refusal() === undefined) this.#lookups.host(key, URGENT).catch(() => undefined);
    return remembered.resolution;
  }

  #ask(key: string, isUrgent: boolean): Promise<Resolution> {
    this.#count.misses += 1;
    const refusal = this.#link.refusal();
    return refusal === undefined ? this.#lookups.host(key, { isUrgent }) : Promise.reject(refusal);
  }

  /** The master database has the word. If it gives none, what was last heard of it counts. */
  #verify(key: string, remembered: Remembered): Resolution | Promise<Resolution> {
    if (this.#link.refusal() !== undefined) return this.#stale(remembered);
    return this.#ask(key, true).catch((error: unknown) => {
      // Not `remembered`: meanwhile a change of it may have been heard of.
      const last = this.#cache.get(key);
      if (last === undefined || this.#cache.freshness(last, performance.now()) === 'expired') throw error;
      return this.#stale(last);
    });
  }

  #stale({ resolution }: Remembered): Resolution {
    this.#count.stale += 1;
    return resolution;
  }

  #remember(name: Name, tenant: Tenant | undefined, verifiedAt: number): Resolution {
    if (typeof name === 'string') return this.#cache.remember(name, tenant, verifiedAt);
    if (tenant === undefined) {
      this.#cache.forgetOrganization(name);
      return { kind: 'gone' };
    }
    this.#cache.update(tenant);
    return { kind: 'tenant', tenant };
  }

  /** Memory first, then what is on its way, then the listeners: whoever asks from now on gets the new state. */
  #change(change: Change | undefined, isListening: boolean): void {
    if (change === undefined) this.#cache.doubtEverything(isListening);
    else this.#cache.forget(change);
    this.#lookups.changed(change);
    this.#announcer.change(change?.organizationId);
  }
}

/** What is left undefined means the default. */
function definedOf(limits: Partial<CacheLimits>): Partial<CacheLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
