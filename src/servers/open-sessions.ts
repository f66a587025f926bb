/*
 * The sessions of one server: pools for what is used again and again, connections of their own for the rest. Separate
 * from the interface that steps see. Nothing connects before it is used.
 */
import { creatorShard } from '../api/names.ts';
import type { ConnectionTarget } from '../clients/postgres/connection.ts';
import { createDatabasePool, type DatabasePool } from '../clients/postgres/database-pool.ts';
import { hasSqlState, SqlState, sqlState } from '../clients/postgres/sql-state.ts';
import type { Query } from '../clients/postgres/sql.ts';
import { withSession } from '../clients/postgres/session.ts';
import type { StatementHooks } from '../clients/postgres/statement.ts';
import { Semaphore } from '../runtime/semaphore.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { ensureShard } from './creator-shards.ts';
import { LatestFacts } from './latest-facts.ts';
import type { LoginOptions, LoginResult, ServerSessions } from './server-sessions.ts';

export interface OpenSessionsOptions extends StatementHooks {
  /** Name of the PostgresServer. */
  readonly name: string;
  readonly target: Omit<ConnectionTarget, 'statementTimeoutMs' | 'settings' | 'system' | 'label'>;
  /** server_version_num. */
  readonly version: number;
  readonly installation: string;
  readonly createConcurrency: number;
  /** Looks at each new connection that is kept; throws when another server answers than before. */
  readonly verify: (query: Query) => Promise<void>;
  /** Told of every failure to get an answer or a connection. */
  readonly onFailure: (error: unknown) => void;
}

const STATEMENT_TIMEOUT_MS = 10_000;
/** A checkpoint after a bulk load has taken 98 seconds. */
const SLOW_TIMEOUT_MS = 600_000;
const INSIDE_TIMEOUT_MS = 60_000;

const CONTROL_CONNECTIONS = 4;
const SHARD_CONNECTIONS = 2;
const SHARD_IDLE_MS = 30_000;
/** Connections of their own at a time: a few, so that tenants' work does not use up the server's. */
const OWN_CONNECTIONS = 6;

/** restrict_nonsystem_relation_kind came with this minor release of 16; 17 and later always have it. */
const RESTRICT_SINCE = 160_004;

export function openSessions(options: OpenSessionsOptions): ServerSessions {
  const { name, createConcurrency } = options;
  const own = new Semaphore(OWN_CONNECTIONS);
  const control = pool(options, {
    maxConnections: CONTROL_CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    // Planning the gather takes five times as long as running it; its plan does not depend on the values.
    settings: { plan_cache_mode: 'force_generic_plan' },
  });
  const slow = pool(options, { maxConnections: createConcurrency + 1, statementTimeoutMs: SLOW_TIMEOUT_MS });
  const shards = shardPools(options, control);

  const as = <T>(login: LoginOptions, work: (query: Query) => Promise<T>): Promise<T> => {
    const target = { ...targetOf(options, INSIDE_TIMEOUT_MS, {}), ...login };
    return own.run(() => withSession(target, options, work));
  };

  return {
    name,
    operatorRole: options.target.user,
    installation: options.installation,
    facts: new LatestFacts(),
    control,
    slow,
    createSlots: new Semaphore(createConcurrency),
    dropSlots: new Semaphore(1),
    asShard: (n, work) => shards.run(creatorShard(n), work),
    inside: (database, work) => {
      const target = { ...targetOf(options, INSIDE_TIMEOUT_MS, pinned(options)), database };
      return own.run(() => withSession(target, options, work));
    },
    as,
    login: (login) => tryLogin(as, login),
    async end() {
      await Promise.all([control.end(), slow.end(), shards.end()]);
    },
  };
}

async function tryLogin(as: ServerSessions['as'], login: LoginOptions): Promise<LoginResult> {
  try {
    await as(login, async () => undefined);
    return { ok: true };
  } catch (error) {
    const code = sqlState(error);
    // "Too many connections" says that the server is there; elsewhere it means waiting.
    if (code === undefined || (error instanceof Unavailable && code !== SqlState.TooManyConnections)) throw error;
    return { ok: false, code };
  }
}

interface ShardPools {
  run<T>(shard: string, work: (query: Query) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** A pool per shard: two connections at most, closed when idle, so shards that are at rest hold none. */
function shardPools(options: OpenSessionsOptions, control: DatabasePool): ShardPools {
  const pools = new Map<string, DatabasePool>();
  const ensured = new Map<string, Promise<void>>();

  const ensure = (shard: string): Promise<void> => {
    const known = ensured.get(shard);
    if (known !== undefined) return known;
    const { installation, target } = options;
    const made = ensureShard((sql) => control.query(sql), { shard, installation, operatorRole: target.user });
    ensured.set(shard, made);
    made.catch(() => ensured.delete(shard));
    return made;
  };

  const poolOf = (shard: string): DatabasePool => {
    const known = pools.get(shard);
    if (known !== undefined) return known;
    const limits = { maxConnections: SHARD_CONNECTIONS, idleTimeoutMs: SHARD_IDLE_MS, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
    const made = pool(options, { ...limits, settings: { role: shard } });
    pools.set(shard, made);
    return made;
  };

  return {
    async run(shard, work) {
      await ensure(shard);
      try {
        return await work((sql) => poolOf(shard).query(sql));
      } catch (error) {
        // Somebody has dropped the shard, or taken it from us: looked at again next time.
        if (hasSqlState(error, SqlState.InvalidParameterValue, SqlState.InsufficientPrivilege)) ensured.delete(shard);
        throw error;
      }
    },
    async end() {
      await Promise.all([...pools.values()].map((one) => one.end()));
    },
  };
}

interface PoolLimits {
  readonly maxConnections: number;
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

function pool(options: OpenSessionsOptions, { settings, statementTimeoutMs, ...limits }: PoolLimits): DatabasePool {
  const { assertWritable, onStatement, onFailure, verify } = options;
  return createDatabasePool({
    ...limits,
    ...(assertWritable && { assertWritable }),
    ...(onStatement && { onStatement }),
    onFailure,
    onConnect: verify,
    target: targetOf(options, statementTimeoutMs, { ...pinned(options), ...settings }),
  });
}

function targetOf(
  { name, target }: OpenSessionsOptions,
  statementTimeoutMs: number,
  settings: Readonly<Record<string, string>>,
): ConnectionTarget {
  return { ...target, statementTimeoutMs, settings, system: 'server', label: name };
}

/** Reading a planted view runs its functions; roles made must not become ours to act as. */
function pinned({ version }: OpenSessionsOptions): Readonly<Record<string, string>> {
  const restrict = version >= RESTRICT_SINCE ? { restrict_nonsystem_relation_kind: 'view,foreign-table' } : {};
  return { createrole_self_grant: '', ...restrict };
}
