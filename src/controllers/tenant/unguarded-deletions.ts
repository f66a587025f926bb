/**
 * Tenants that are gone although our finalizer was on them. A DELETE that had read the object before the finalizer came
 * removes it all the same: the API server does not look again. Separate because only a process that began such a tenant
 * knows it; after a restart it is an organization without an object, which the sweep counts.
 */
import { FINALIZER } from '../../api/group.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';

/** A DELETE that read the object before the finalizer has ended by then: the API server's default --request-timeout. */
const WINDOW_MS = 60_000;

interface Begun {
  readonly tenant: StudioTenant;
  readonly atMs: number;
  isGone: boolean;
}

/** Times are milliseconds of the monotonic clock; keys are namespace/name. */
export class UnguardedDeletions {
  readonly #begun = new Map<string, Begun>();

  /** To be told of every look at a living tenant. */
  seen(key: string, tenant: StudioTenant, nowMs: number): void {
    const known = this.#begun.get(key);
    if (known?.tenant.metadata.uid === tenant.metadata.uid) {
      this.#begun.set(key, { ...known, tenant });
    } else {
      this.#begun.delete(key);
      if (!tenant.metadata.finalizers?.includes(FINALIZER)) this.#begun.set(key, { tenant, atMs: nowMs, isGone: false });
    }
    this.#forgetOld(nowMs);
  }

  /** The tenant of that name as it would be if its deletion had waited for us; undefined where there is nothing to make up for. */
  of(key: string, nowMs: number): StudioTenant | undefined {
    const begun = this.#begun.get(key);
    if (begun === undefined || (!begun.isGone && nowMs - begun.atMs > WINDOW_MS)) return undefined;
    // From now on it is kept until it has been taken down, however often that must be tried.
    begun.isGone = true;
    const { tenant } = begun;
    return { ...tenant, metadata: { ...tenant.metadata, finalizers: [FINALIZER] } };
  }

  forget(key: string): void {
    this.#begun.delete(key);
  }

  /** Oldest first, as a Map keeps them. */
  #forgetOld(nowMs: number): void {
    for (const [key, { atMs, isGone }] of this.#begun) {
      if (nowMs - atMs <= WINDOW_MS) return;
      if (!isGone) this.#begun.delete(key);
    }
  }
}
