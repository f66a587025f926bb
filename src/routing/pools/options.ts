/*
 * The pools' options and their defaults. Separate so that the numbers an operator of an application tunes are in one place.
 */
import type { CredentialsProvider } from '../credentials/provider.ts';
import type { Tenant } from '../tenant.ts';
import type { PoolEvent } from './types.ts';

export interface TenantPoolsOptions {
  readonly credentials: CredentialsProvider;
  /** Tenants with open connections; past it the least recently used one without work loses its own. Default 50. */
  readonly maxPools?: number | undefined;
  /** Connections of one tenant. Default 4. */
  readonly maxConnectionsPerTenant?: number | undefined;
  /**
   * Connections of all tenants to one server (host and port). Default 80. The sum over all processes must stay under
   * the server's max_connections, less what it reserves and what others use.
   */
  readonly maxConnectionsPerServer?: number | undefined;
  /** Requests of one tenant that wait for a connection; one more is Overloaded at once. Default 100. */
  readonly maxWaitingPerTenant?: number | undefined;
  /** Requests of all tenants that wait. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** The longest a request waits for a connection, all attempts to open one included, milliseconds. Default 5,000. */
  readonly acquireTimeoutMs?: number | undefined;
  /**
   * The longest one attempt to open a connection takes, milliseconds. Default 3,000: less than `acquireTimeoutMs`, so that
   * after one attempt without an answer there is time to look again and to try another address.
   */
  readonly connectTimeoutMs?: number | undefined;
  /** A connection that was not used for this long is given back, milliseconds. Default 30,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** The longest a statement takes, milliseconds; then it is cancelled and its connection closed. Default 30,000. */
  readonly queryTimeoutMs?: number | undefined;
  /** How long `close` waits for work that is under way, milliseconds. Default 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** What the server's pg_stat_activity shows. Default `studio-routing`. */
  readonly applicationName?: string | undefined;
  /**
   * The tenant as it is now, undefined when it is gone: asked when its database refuses connections or cannot be
   * reached, so that a suspended tenant is answered as one and a moved one is found. A directory's `refresh`.
   */
  readonly lookAgain?: ((tenant: Tenant) => Promise<Tenant | undefined>) | undefined;
  /** Must not throw; what it throws becomes a process warning. */
  readonly onEvent?: ((event: PoolEvent) => void) | undefined;
}

/** The numbers among the options. */
export interface Limits {
  readonly maxPools: number;
  readonly maxConnectionsPerTenant: number;
  readonly maxConnectionsPerServer: number;
  readonly maxWaitingPerTenant: number;
  readonly maxWaiting: number;
  readonly acquireTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxPools: 50,
  maxConnectionsPerTenant: 4,
  maxConnectionsPerServer: 80,
  maxWaitingPerTenant: 100,
  maxWaiting: 1_000,
  acquireTimeoutMs: 5_000,
  connectTimeoutMs: 3_000,
  idleTimeoutMs: 30_000,
  queryTimeoutMs: 30_000,
  closeTimeoutMs: 10_000,
};

export const DEFAULT_APPLICATION_NAME = 'studio-routing';

/** setTimeout takes no more. */
const MAX_TIMER_MS = 2_147_483_647;

/** Throws RangeError for what is no positive whole number: a limit of NaN would be no limit. */
export function limitsOf(options: Partial<Record<keyof Limits, number | undefined>>): Limits {
  const limits: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(DEFAULT_LIMITS) as [keyof Limits, number][]) {
    limits[name] = checkedLimit(name, options[name] ?? fallback);
  }
  return limits as unknown as Limits;
}

/** Throws RangeError as `limitsOf` does. */
export function checkedLimit(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number of at least 1, not ${value}`);
  if (name.endsWith('Ms') && value > MAX_TIMER_MS) throw new RangeError(`${name} must be at most ${MAX_TIMER_MS}, not ${value}`);
  return value;
}
