import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPoolsOptions } from '../../../src/routing/pools/options.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { PoolEvent, TenantClient, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

let world: TenantServer;
let first: Tenant;
let pools: TenantPools;
let events: PoolEvent[];

beforeAll(async () => {
  world = await startTenantServer(2);
  [first] = world.tenants as [Tenant];
  const client = createTenantPools({ credentials: world.credentials });
  await client.query(first, 'CREATE TABLE marks (name text UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  await client.close();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});
afterEach(async () => {
  await pools.query(first, 'DELETE FROM marks');
  await pools.close();
});

const open = (options: Partial<TenantPoolsOptions> = {}): void => {
  events = [];
  pools = createTenantPools({ credentials: world.credentials, onEvent: (event) => events.push(event), ...options });
};
const reasons = (): string[] => events.flatMap((event) => (event.type === 'closed' ? [event.reason] : []));
const marks = async (): Promise<unknown[]> =>
  (await pools.query(first, 'SELECT name FROM marks ORDER BY name')).rows.map((row) => row['name']);
const mark = async (client: TenantClient, name: string): Promise<void> => {
  await client.query('INSERT INTO marks VALUES ($1)', [name]);
};

describe('a transaction', () => {
  it('commits what the work did and gives its result', async () => {
    open();
    const result = await pools.transaction(first, async (client) => {
      await mark(client, 'a');
      await mark(client, 'b');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await marks()).toEqual(['a', 'b']);
    expect(pools.stats()).toMatchObject({ connections: 1, idle: 1 });
  });

  it('rolls back when the work fails, with the work’s own error, and the connection goes on', async () => {
    open();
    const own = new Error('of the work');
    const work = pools.transaction(first, async (client) => {
      await mark(client, 'a');
      throw own;
    });
    await expect(work).rejects.toBe(own);
    await expect(pools.transaction(first, async (client) => await client.query('SELECT 1/0'))).rejects.toMatchObject({ code: '22012' });
    expect(await marks()).toEqual([]);
    expect(pools.stats()).toMatchObject({ connections: 1, idle: 1, counts: { opened: 1 } });
  });

  it('says so when COMMIT did not commit: the work had swallowed a failed statement', async () => {
    open();
    const work = pools.transaction(first, async (client) => {
      await mark(client, 'a');
      await client.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow('the transaction was rolled back');
    expect(await marks()).toEqual([]);
  });

  it('says so when the work ended it by itself', async () => {
    open();
    const work = pools.transaction(first, async (client) => {
      await client.query('ROLLBACK');
      await mark(client, 'outside');
    });
    await expect(work).rejects.toThrow('the work ended its transaction by itself');
    expect(await marks()).toEqual(['outside']);
  });

  it('fails at COMMIT when a deferred constraint does, with the server’s error', async () => {
    open();
    const work = pools.transaction(first, async (client) => {
      await mark(client, 'a');
      await mark(client, 'a');
    });
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await marks()).toEqual([]);
    expect(pools.stats().counts.opened).toBe(1);
  });

  it('tells that it is unknown whether it was committed when the connection breaks at COMMIT', async () => {
    open();
    await pools.query(
      first,
      `CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$`,
    );
    await pools.query(
      first,
      'CREATE TABLE IF NOT EXISTS slow (n int); DROP TRIGGER IF EXISTS slow ON slow; CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()',
    );
    let runs = 0;
    const work = pools.transaction(first, async (client) => {
      runs += 1;
      await client.query('INSERT INTO slow VALUES (1)');
    });
    const outcome = work.catch((error: unknown) => error);
    await eventually(async () => (await world.sessions(first)).some(({ query, state }) => query === 'COMMIT' && state === 'active'));
    await world.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'");
    expect(await outcome).toMatchObject({
      code: 'tenant_unavailable',
      message: expect.stringContaining('unknown') as string,
    });
    expect(runs).toBe(1);
  });

  it('has the isolation and the rights that were asked for', async () => {
    open();
    const settings = async (options: Parameters<TenantPools['transaction']>[2]): Promise<unknown> =>
      await pools.transaction(
        first,
        async (client) =>
          (await client.query(`SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_read_only') AS only`))
            .rows[0],
        options,
      );
    expect(await settings({})).toEqual({ level: 'read committed', only: 'off' });
    expect(await settings({ isolation: 'serializable', readOnly: true })).toEqual({ level: 'serializable', only: 'on' });
    expect(await settings({ isolation: 'repeatable read' })).toEqual({ level: 'repeatable read', only: 'off' });
    await expect(settings({ isolation: 'serializable; DROP TABLE marks' as never })).rejects.toThrow(RangeError);
  });

  it('waits for statements that the work did not wait for', async () => {
    open();
    await pools.transaction(first, async (client) => {
      void client.query("INSERT INTO marks SELECT 'late' FROM pg_sleep(0.1)");
    });
    expect(await marks()).toEqual(['late']);
    expect(pools.stats().counts.opened).toBe(1);
  });
});

describe('a connection on loan', () => {
  it('left in a transaction is not handed on: what was open is rolled back', async () => {
    open({ maxConnectionsPerTenant: 1 });
    await pools.withClient(first, async (client) => {
      await client.query('BEGIN');
      await mark(client, 'open');
    });
    expect(await marks()).toEqual([]);
    await pools.withClient(first, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1/0').catch(() => undefined);
    });
    expect(await marks()).toEqual([]);
    expect(reasons()).toEqual(['unclean', 'unclean']);
  });

  it('left in the middle of a long statement is not handed on', async () => {
    open({ maxConnectionsPerTenant: 1 });
    await pools.withClient(first, async (client) => {
      void client.query('SELECT pg_sleep(20)').catch(() => undefined);
    });
    expect(await marks()).toEqual([]);
    expect(reasons()).toEqual(['unclean']);
    await eventually(async () => (await world.sessions(first)).every(({ query }) => !query.includes('(20)')), { timeoutMs: 5_000 });
  });

  it('in which a single statement opens a transaction is not handed on either', async () => {
    open({ maxConnectionsPerTenant: 1 });
    await pools.query(first, 'BEGIN');
    await pools.query(first, "INSERT INTO marks VALUES ('seen')");
    expect(await marks()).toEqual(['seen']);
    expect(reasons()).toEqual(['unclean']);
  });

  it('works as a pg.Client while it is lent, and not at all afterwards', async () => {
    open();
    let kept: (TenantClient & pg.Client) | undefined;
    const notices: unknown[] = [];
    await pools.withClient(first, async (lent) => {
      const client = lent as TenantClient & pg.Client;
      kept = client;
      expect(client).toBeInstanceOf(pg.Client);
      client.on('notice', (notice) => notices.push(notice.message));
      await client.query("DO $$ BEGIN RAISE NOTICE 'heard'; END $$");
      await client.end(); // not the borrower's to end
      expect((await client.query({ text: 'SELECT $1::int AS n', values: [7], rowMode: 'array' })).rows).toEqual([[7]]);
      const called = await new Promise((resolve, reject) => {
        client.query('SELECT 1 AS one', (error: Error | undefined, result) => (error ? reject(error) : resolve(result.rows)));
      });
      expect(called).toEqual([{ one: 1 }]);
      const streamed: unknown[] = [];
      const query = client.query(new pg.Query('SELECT generate_series(1, 3) AS n'));
      query.on('row', (row: unknown) => streamed.push(row));
      await new Promise((resolve) => query.on('end', resolve));
      expect(streamed).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });
    expect(notices).toEqual(['heard']);
    expect(() => kept!.query('SELECT 1')).toThrow('given back');
    expect(() => kept!.on('notice', () => undefined)).toThrow('given back');
    await pools.query(first, "DO $$ BEGIN RAISE NOTICE 'not heard'; END $$");
    expect(notices).toEqual(['heard']);
    expect(pools.stats()).toMatchObject({ connections: 1, idle: 1, counts: { opened: 1 } });
  });

  it('that was asked for what is no statement goes on', async () => {
    open();
    const nothing = pools.withClient(first, async (client) => await client.query(undefined as never));
    await expect(nothing).rejects.toThrow(TypeError);
    await pools.query(first, 'SELECT');
    expect(reasons()).toEqual([]);
  });

  it('may be returned from the work without harm', async () => {
    open();
    const kept = await pools.withClient(first, async (client) => client);
    expect(() => kept.query('SELECT 1')).toThrow('given back');
  });

  it('that breaks rejects what is asked of it afterwards, in every form', async () => {
    open();
    const outcomes = await pools.withClient(first, async (lent) => {
      const client = lent as TenantClient & pg.Client;
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await world.superuser(`SELECT pg_terminate_backend(${rows[0]!.pid}, 5000)`);
      await eventually(
        async () =>
          await client.query('SELECT 1').then(
            () => false,
            () => true,
          ),
      );
      return [
        await client.query('SELECT 1').catch((error: unknown) => error),
        await new Promise((resolve) => client.query('SELECT 1', resolve)),
        await new Promise((resolve) => client.query(new pg.Query('SELECT 1')).on('error', resolve)),
      ];
    });
    expect(outcomes).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)]);
    expect(await marks()).toEqual([]);
  });

  it('is the tenant’s only: nested work of one tenant takes another connection, or waits', async () => {
    open({ maxConnectionsPerTenant: 2, acquireTimeoutMs: 1_500 });
    const pids = await pools.withClient(first, async (client) => {
      const outer = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const inner = await pools.query<{ pid: number }>(first, 'SELECT pg_backend_pid() AS pid');
      return [outer.rows[0]!.pid, inner.rows[0]!.pid];
    });
    expect(new Set(pids).size).toBe(2);
    const tooDeep = pools.withClient(first, async () => await pools.withClient(first, async () => await marks()));
    await expect(tooDeep).rejects.toMatchObject({ code: 'overloaded' });
  });
});

describe('a statement\u2019s time', () => {
  it('begins when the one before it has ended, not when it was queued', async () => {
    open({ queryTimeoutMs: 1_000 });
    const results = await pools.withClient(first, async (client) =>
      Promise.all(Array.from({ length: 16 }, () => client.query('SELECT pg_sleep(0.1)'))),
    );
    expect(results.length).toBe(16);
    expect(reasons()).toEqual([]);
  });

  it('is not begun anew by one that is queued behind it', async () => {
    open({ queryTimeoutMs: 500 });
    const work = pools.withClient(first, async (client) => {
      const slow = client.query('SELECT pg_sleep(30)');
      const queueing = setInterval(() => void client.query('SELECT 1').catch(() => undefined), 50);
      await slow.finally(() => clearInterval(queueing));
    });
    await expect(work).rejects.toMatchObject({ name: 'TenantUnavailable' });
    await eventually(() => reasons().includes('timeout'));
  });

  it.each([0, Number.NaN, 1.5])('cannot be %s', async (queryTimeoutMs) => {
    open();
    const nothing = async (): Promise<void> => undefined;
    await expect(pools.withClient(first, nothing, { queryTimeoutMs })).rejects.toThrow(RangeError);
    await expect(pools.transaction(first, nothing, { queryTimeoutMs })).rejects.toThrow(RangeError);
  });
});

describe('what a borrower listens to', () => {
  it('is let go of with the loan, however it was added, and ours stays', async () => {
    open({ maxConnectionsPerTenant: 1 });
    const countOf = async (): Promise<number> =>
      await pools.withClient(first, async (client) => Promise.resolve((client as unknown as NodeJS.EventEmitter).listenerCount('error')));
    const before = await countOf();
    for (let loan = 0; loan < 20; loan += 1) {
      await pools.withClient(first, async (client) => {
        const emitter = client as unknown as NodeJS.EventEmitter;
        expect(emitter.on('error', () => undefined)).toBe(client);
        emitter.once('error', () => undefined).prependListener('error', () => undefined);
        if (loan % 2 === 0) emitter.removeAllListeners('error');
        if (loan % 3 === 0) emitter.removeAllListeners();
        await client.query('SELECT 1');
      });
    }
    expect(await countOf()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });
});
