/*
 * The credentials that were read, kept beyond the life of a tenant's pool. Separate so that a tenant whose pool was
 * evicted comes back without asking the source again.
 */
import { LRUCache } from 'lru-cache';
import type { Credentials, CredentialsProvider } from '../credentials/provider.ts';
import { TenantUnavailable } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import { generationOf } from './access.ts';
import { within } from '../within.ts';

interface Held {
  readonly credentials: Credentials;
  /** Of the tenant when they were read, or their own if that is higher. */
  readonly generation: number;
}

const MAX_HELD = 2_000;

export class HeldCredentials {
  readonly #provider: CredentialsProvider;
  readonly #timeoutMs: number;
  readonly #held = new LRUCache<number, Held>({ max: MAX_HELD });

  constructor(provider: CredentialsProvider, timeoutMs: number) {
    this.#provider = provider;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What is held, unless it was `refused` or is of an older generation than the tenant's: then it is read from the
   * source. Not to be called twice at a time for one tenant. Throws what the provider throws; TenantUnavailable after the timeout.
   */
  async get(tenant: Tenant, refused: boolean): Promise<Credentials> {
    const held = this.#held.get(tenant.organizationId);
    if (held !== undefined && !refused && held.generation >= generationOf(tenant)) return held.credentials;
    const credentials = await within(this.#timeoutMs, {
      run: async (signal) => await this.#provider.get(tenant, { fresh: refused || held !== undefined, signal }),
      otherwise: () => new TenantUnavailable(`no credentials of organization ${tenant.organizationId} within ${this.#timeoutMs} ms`),
    });
    this.#held.set(tenant.organizationId, {
      credentials,
      generation: Math.max(generationOf(tenant), credentials.generation ?? 0),
    });
    return credentials;
  }

  async close(): Promise<void> {
    this.#held.clear();
    await this.#provider.close?.();
  }
}
