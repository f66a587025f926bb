/** Never do two operators take effect on one tenant. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../../support/eventually.ts';
import { queryAs } from '../../support/postgres.ts';
import { messageOf, Studio } from '../../support/studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const sessions = async (): Promise<readonly string[]> => {
  const rows = await studio.superuser(
    "SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE application_name LIKE 'studio-operator/%'",
  );
  return rows.map(({ name }) => String(name));
};

function withApplicationName(url: string, name: string): string {
  const named = new URL(url);
  named.searchParams.set('application_name', name);
  return named.href;
}

describe('two operators', () => {
  it('take turns: the second waits, and takes over when the first is killed, after its sessions are gone', async () => {
    const first = await studio.startOperator();
    await studio.applyTenant('before');
    await studio.settled('before');
    const [leader] = await sessions();
    const second = await studio.startOperator();
    await studio.applyTenant('during');
    await studio.settled('during');
    expect(await sessions()).toEqual([leader]);

    await first.kill();
    await studio.applyTenant('after');
    await studio.settled('after');
    const now = await sessions();
    expect(now).toHaveLength(1);
    expect(now).not.toEqual([leader]);
    expect(await second.stop()).toBe(0);
    await eventually(async () => (await sessions()).length === 0, { timeoutMs: 10_000 });
  });

  it('a frozen leader that wakes up after another took over does nothing more, and ends', async () => {
    const first = await studio.startOperator();
    await studio.applyTenant('calm');
    await studio.settled('calm');
    process.kill(first.pid, 'SIGSTOP');
    const second = await studio.startOperator();
    await studio.applyTenant('while-frozen');
    await studio.settled('while-frozen');
    const logged = (await first.log()).length;
    process.kill(first.pid, 'SIGCONT');
    expect(await first.ended).toBe(1);
    expect((await first.log()).slice(logged)).toMatch(/lost leadership|LeadershipLost/);
    const living = await studio.master('SELECT name, count(*)::int AS rows FROM organizations WHERE living GROUP BY 1 HAVING count(*) > 1');
    expect(living).toEqual([]);
    await second.stop();
  });

  it('the new leader ends what a former one still has under way, on the master and on servers, before it does anything', async () => {
    // What a former leader's session looks like: the same login, another leader's name.
    const former = (url: string, effect: string): Promise<unknown> =>
      queryAs(withApplicationName(url, 'studio-operator/former_leader'), `SELECT pg_sleep(3600); ${effect}`);
    const underWay = [
      former(studio.postgres.adminUrl, 'CREATE DATABASE studio_too_late'),
      former(studio.postgres.masterUrl, 'CREATE TABLE public.too_late ()'),
    ].map((statement) => expect(statement).rejects.toMatchObject({ code: '57P01' }));
    await eventually(async () => (await sessions()).length === 1);
    const leader = await studio.startOperator();
    await studio.applyTenant('fenced');
    await studio.settled('fenced');
    await Promise.all(underWay);
    expect(await sessions()).not.toContain('studio-operator/former_leader');
    expect(await studio.superuser("SELECT 1 FROM pg_database WHERE datname = 'studio_too_late'")).toEqual([]);
    expect(await studio.master("SELECT to_regclass('public.too_late') AS it")).toEqual([{ it: null }]);
    await leader.stop();
  });

  it('of another cluster is refused by the master database, and says what to do', async () => {
    await studio.master('UPDATE installation SET cluster_id = gen_random_uuid()');
    const refused = await studio.startOperator();
    await studio.applyTenant('stranger');
    await eventually(async () => (await refused.log()).includes('OwnedByAnotherCluster'), { timeoutMs: 30_000 });
    const stranger = await studio.reason('stranger', 'Ready', 'MasterRefused');
    expect(messageOf(stranger, 'Ready')).toContain('set ADOPT_FROM_CLUSTER to');
    await refused.stop();
    const [row] = await studio.master('SELECT cluster_id FROM installation');
    const taking = await studio.startOperator({ ADOPT_FROM_CLUSTER: String(row?.['cluster_id']) });
    await studio.settled('stranger');
    await taking.stop();
  });
});
