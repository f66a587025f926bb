/*
 * The way to a new connection: reading the credentials, one attempt to connect, and what follows a failure - read again,
 * look again, wait, or give up. Separate from the broker, which decides whether and for whom a connection is opened.
 */
import { Overloaded, type RoutingError, TenantNotServed, TenantUnavailable } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import { type Access, accessOf, sameAccess } from './access.ts';
import type { Bucket, Failure } from './bucket.ts';
import { OpenFailure, statusOf } from './failures.ts';
import type { HeldCredentials } from './held-credentials.ts';
import type { PoolEvent } from './types.ts';
import { within } from '../within.ts';

export interface OpenerOptions {
  readonly credentials: HeldCredentials;
  readonly acquireTimeoutMs: number;
  readonly lookAgain: ((tenant: Tenant) => Promise<Tenant | undefined>) | undefined;
  readonly emit: (event: PoolEvent) => void;
}

/** What is to be done about a failure: give up for all who wait, try again at once, or after a pause. */
export type Verdict = { readonly kind: 'reject'; readonly error: Error } | { readonly kind: 'now' } | { readonly kind: 'later' };

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;
const LOOK_EVERY_MS = 500;
const RETRY_AFTER_SECONDS = 1;

/** How long to wait before the next attempt after `count` failures in a row, milliseconds. Half of it is chance. */
export function pauseMs(count: number): number {
  const most = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(count - 1, 16), LONGEST_PAUSE_MS);
  return most / 2 + (Math.random() * most) / 2;
}

/** Adds a failure to those before; after a quiet time they are counted anew. */
export function nextFailure(
  previous: Failure | undefined,
  failed: Pick<Failure, 'kind' | 'error'>,
  { now, quietMs }: { readonly now: number; readonly quietMs: number },
): Failure {
  if (previous === undefined || now - previous.latest > quietMs) return { ...failed, since: now, latest: now, count: 1 };
  return { ...failed, since: previous.since, latest: now, count: previous.count + 1 };
}

/** What somebody is told who waited in vain. */
export function waitedInVain(bucket: Bucket): RoutingError {
  const { failure } = bucket;
  if (failure !== undefined && failure.kind !== OpenFailure.Full) return unavailable(bucket, failure.error);
  // No answer so far, neither from the source of the credentials nor from the server: that is not too much work.
  if (bucket.reading || (bucket.opening > 0 && bucket.busy.size === 0)) return unavailable(bucket, undefined);
  return new Overloaded(`no connection for organization ${bucket.organizationId} became free in time`, {
    cause: failure?.error,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function unavailable({ organizationId, server }: Bucket, cause: Error | undefined): TenantUnavailable {
  return new TenantUnavailable(`no connection for organization ${organizationId} to ${server.key}`, {
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

export class Opener {
  readonly #options: OpenerOptions;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  /** The bucket's access, read anew where it must be; the same object when nothing changed. Throws WrongTenant and what the provider does. */
  async readAccess(bucket: Bucket): Promise<Access> {
    const { tenant, refused, access: known } = bucket;
    const again = refused || bucket.outdated;
    const access = accessOf(tenant, await this.#options.credentials.get(tenant, refused));
    const changed = known === undefined || !sameAccess(known, access);
    if (again) this.#options.emit({ type: 'reread', organizationId: bucket.organizationId, changed });
    return changed ? access : known;
  }

  /** True when failures have gone on for so long that nobody is made to wait for the end of them. */
  gaveUp(bucket: Bucket, now: number): boolean {
    const { failure } = bucket;
    return failure !== undefined && failure.kind !== OpenFailure.Full && now - failure.since >= this.#options.acquireTimeoutMs;
  }

  /** Decides on the bucket's latest failure. `learn` is told of a tenant that is not as it was, and returns whether it moved. */
  async judge(bucket: Bucket, learn: (tenant: Tenant) => boolean): Promise<Verdict> {
    const { failure } = bucket;
    if (failure === undefined) return { kind: 'now' };
    if (failure.kind === OpenFailure.Wrong) return { kind: 'reject', error: failure.error };
    if (failure.kind !== OpenFailure.Full) {
      const seen = await this.#look(bucket, learn);
      if (seen !== undefined) return seen;
    }
    return this.gaveUp(bucket, performance.now()) ? { kind: 'reject', error: unavailable(bucket, failure.error) } : { kind: 'later' };
  }

  async #look(bucket: Bucket, learn: (tenant: Tenant) => boolean): Promise<Verdict | undefined> {
    const { lookAgain, acquireTimeoutMs } = this.#options;
    const { failure, tenant } = bucket;
    if (failure === undefined) return undefined;
    const refused = failure.kind === OpenFailure.Refused;
    if (lookAgain === undefined) return refused ? { kind: 'reject', error: unavailable(bucket, failure.error) } : undefined;
    if (performance.now() - bucket.lookedAt < LOOK_EVERY_MS) return undefined;
    bucket.lookedAt = performance.now();
    let seen: Tenant | undefined;
    try {
      seen = await within(acquireTimeoutMs, {
        run: async () => await lookAgain(tenant),
        otherwise: () => new TenantUnavailable(`no word about organization ${bucket.organizationId} within ${acquireTimeoutMs} ms`),
      });
    } catch (error) {
      // The directory does not know either: what is known goes on being tried.
      this.#options.emit({ type: 'failed', organizationId: bucket.organizationId, server: bucket.server.key, error: asError(error) });
      return undefined;
    }
    if (seen?.state !== 'active') return { kind: 'reject', error: notServed(bucket, seen, failure.error) };
    return learn(seen) ? { kind: 'now' } : undefined;
  }
}

function notServed({ organizationId }: Bucket, seen: Tenant | undefined, cause: Error): TenantNotServed {
  const state = seen?.state ?? 'deleted';
  const httpStatus = statusOf(state);
  return new TenantNotServed(`organization ${organizationId} is ${state}`, state, httpStatus, {
    cause,
    ...(httpStatus === 503 ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  });
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
