/*
 * What is remembered of hosts: whose they are, that they are nobody's, that they were somebody's. Bounded in every
 * direction. Separate because it is all about memory and age; nothing here waits, and nothing asks the master database.
 */
import { LRUCache } from 'lru-cache';
import type { Tenant } from '../tenant.ts';
import type { Change } from './change.ts';
import type { Resolution } from './directory.ts';

export type Freshness =
  /** May be answered. */
  | 'fresh'
  /** May be answered, and should be verified meanwhile. */
  | 'ageing'
  /** Must be verified first, if that can be done. */
  | 'doubtful'
  /** Must not be answered at all unless verified. */
  | 'expired';

export interface CacheLimits {
  readonly maxTenants: number;
  readonly maxUnknown: number;
  /** For how long nobody's is nobody's. */
  readonly unknownTtlMs: number;
  /** The net under notifications: verified again after this. */
  readonly refreshAfterMs: number;
  /** For how long an answer that cannot be verified is given. */
  readonly servedStaleForMs: number;
}

export interface Remembered {
  readonly resolution: Resolution;
  /** When the query that said so was sent, by the clock of `performance.now()`. */
  readonly verifiedAt: number;
}

interface Known extends Remembered {
  readonly resolution: { readonly kind: 'tenant'; readonly tenant: Tenant };
}

const UNKNOWN: Resolution = { kind: 'unknown' };
const GONE: Resolution = { kind: 'gone' };

/** While no changes are heard of, an answer is as good as this. */
const FRESH_UNHEARD_MS = 1_000;
const AGEING_SHARE = 0.75;
/** Who was served here is told so for this long. */
const FORMER_FOR_MS = 3_600_000;

export class HostCache {
  readonly #limits: CacheLimits;
  readonly #known: LRUCache<string, Known>;
  readonly #nobodys: LRUCache<string, Remembered>;
  /** When a host was forgotten that somebody had. */
  readonly #former: LRUCache<string, number>;
  readonly #hostsOf = new Map<number, readonly string[]>();
  #isHearing = false;
  #doubtedAt = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
    this.#known = new LRUCache({ max: limits.maxTenants, dispose: (known, host, reason) => this.#disposed(known, host, reason === 'set') });
    this.#nobodys = new LRUCache({ max: limits.maxUnknown });
    this.#former = new LRUCache({ max: limits.maxUnknown });
  }

  get known(): number {
    return this.#known.size;
  }

  get unknown(): number {
    return this.#nobodys.size;
  }

  get(host: string): Remembered | undefined {
    return this.#known.get(host) ?? this.#nobodys.get(host);
  }

  /** `now` as `performance.now()`. */
  freshness({ resolution, verifiedAt }: Remembered, now: number): Freshness {
    const age = now - verifiedAt;
    if (resolution.kind !== 'tenant') return age < this.#lifetime(this.#limits.unknownTtlMs) ? 'fresh' : 'expired';
    const lifetime = this.#lifetime(this.#limits.refreshAfterMs);
    if (age < lifetime && verifiedAt >= this.#doubtedAt) return age < lifetime * AGEING_SHARE ? 'fresh' : 'ageing';
    return age < this.#limits.servedStaleForMs ? 'doubtful' : 'expired';
  }

  /** Remembers what a query has said of a host that was asked for, and returns it as an answer. */
  remember(host: string, tenant: Tenant | undefined, verifiedAt: number): Resolution {
    if (tenant === undefined) return this.#rememberNobody(host, verifiedAt);
    const resolution = { kind: 'tenant', tenant } as const;
    this.#nobodys.delete(host);
    this.#former.delete(host);
    this.#known.set(host, { resolution, verifiedAt });
    const hosts = this.#hostsOf.get(tenant.organizationId) ?? [];
    if (!hosts.includes(host)) this.#hostsOf.set(tenant.organizationId, [...hosts, host]);
    return resolution;
  }

  /** The tenant's hosts keep their age: that they are still its own has not been asked. */
  update(tenant: Tenant): void {
    for (const host of this.#hostsOf.get(tenant.organizationId) ?? []) {
      const known = this.#known.peek(host);
      if (known !== undefined) this.#known.set(host, { ...known, resolution: { kind: 'tenant', tenant } }, { noDisposeOnSet: true });
    }
  }

  forgetOrganization(organizationId: number): void {
    for (const host of this.#hostsOf.get(organizationId) ?? []) this.#known.delete(host);
  }

  forget({ organizationId, hosts }: Change): void {
    this.forgetOrganization(organizationId);
    for (const host of hosts) {
      this.#known.delete(host);
      this.#nobodys.delete(host);
    }
  }

  /** From now on nothing that was read before is taken for fresh. */
  doubtEverything(isHearing: boolean): void {
    this.#isHearing = isHearing;
    this.#doubtedAt = performance.now();
    this.#nobodys.clear();
  }

  clear(): void {
    this.#known.clear();
    this.#nobodys.clear();
    this.#former.clear();
  }

  #lifetime(ms: number): number {
    return this.#isHearing ? ms : Math.min(ms, FRESH_UNHEARD_MS);
  }

  #rememberNobody(host: string, verifiedAt: number): Resolution {
    this.#known.delete(host);
    const resolution = this.#wasSomebodys(host) ? GONE : UNKNOWN;
    this.#nobodys.set(host, { resolution, verifiedAt });
    return resolution;
  }

  #wasSomebodys(host: string): boolean {
    const forgottenAt = this.#former.get(host);
    return forgottenAt !== undefined && performance.now() - forgottenAt < FORMER_FOR_MS;
  }

  #disposed({ resolution }: Known, host: string, isReplaced: boolean): void {
    const { organizationId } = resolution.tenant;
    const rest = (this.#hostsOf.get(organizationId) ?? []).filter((other) => other !== host);
    if (rest.length === 0) this.#hostsOf.delete(organizationId);
    else this.#hostsOf.set(organizationId, rest);
    if (!isReplaced) this.#former.set(host, performance.now());
  }
}
