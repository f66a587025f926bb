/** The application while its master database breaks off or falls silent: what needs it ends soon and alone, all else goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SqlPlatform } from '../../../dev/sql-tenants.ts';
import { type MasterDatabase, openMasterDatabase } from '../../../src/app/credits/master-database.ts';
import { ask, startStudios, startTestApplication } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const UNAVAILABLE = { status: 503, code: 'credits_unavailable' };
const HIDDEN = 'Plan and credits cannot be shown at the moment.';

let platform: SqlPlatform;
let proxy: TcpProxy;

beforeAll(async () => {
  platform = await startStudios();
  const { hostname: host, port } = new URL(platform.applicationUrl);
  proxy = await startTcpProxy({ host, port: Number(port) });
  await platform.addTenant('alpha', { plan: 'pro', credits: 20 });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

/** The master database as the application has it, by way of the proxy. */
function masterUrl(): string {
  const url = new URL(platform.applicationUrl);
  url.hostname = proxy.host;
  url.port = String(proxy.port);
  return url.href;
}

function opened(): MasterDatabase & AsyncDisposable {
  const master = openMasterDatabase({ url: masterUrl() }, () => undefined);
  return { ...master, [Symbol.asyncDispose]: async () => await master.close() };
}

describe('a connection that breaks in the middle of a statement', () => {
  it('is that statement alone: it is refused, the process goes on, the next one has a connection', async () => {
    await using master = opened();
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtExceptionMonitor', onUncaught);
    try {
      const asked = master.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
      const sleeping = "SELECT FROM pg_stat_activity WHERE usename = 'studio_app' AND wait_event = 'PgSleep'";
      await eventually(async () => (await platform.superuser(sleeping)).length > 0);
      proxy.cut();
      expect(await asked).toMatchObject(UNAVAILABLE);
      expect((await master.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    } finally {
      process.removeListener('uncaughtExceptionMonitor', onUncaught);
    }
    expect(uncaught).toEqual([]);
  });
});

describe('a master database that is silent', () => {
  it('has a hundred statements wait for a connection, and the next is refused before them', async () => {
    await using master = opened();
    proxy.freeze();
    try {
      let ended = 0;
      // Four have the connections that are being made.
      const asked = Array.from({ length: 104 }, async () => await master.query('SELECT 1').finally(() => (ended += 1)));
      const answers = Promise.allSettled(asked);
      await expect(master.query('SELECT 1')).rejects.toMatchObject(UNAVAILABLE);
      expect(ended).toBe(0);
      proxy.thaw();
      expect((await answers).filter(({ status }) => status === 'rejected')).toEqual([]);
    } finally {
      proxy.thaw();
    }
  });

  it('keeps no page waiting for as long as it keeps credits, and is not asked again once it is known to be silent', async () => {
    await using application = await startTestApplication(platform, { MASTER_DATABASE_URL: masterUrl() });
    const page = async (): Promise<string> => (await ask(application.port, 'alpha')).text;
    const logged = (message: string): number => application.lines.filter(({ msg }) => msg === message).length;
    await eventually(async () => (await page()).includes('<dd>pro</dd>'));
    proxy.freeze();
    try {
      // One waits for an answer on the connection that is there, which takes longest, and one for another connection.
      const credits = [1, 2].map(async () => await ask(application.port, 'alpha', { path: '/credits' }));
      const first = await Promise.race([Promise.any(credits).then(() => 'credits'), page()]);
      expect(first).toContain(HIDDEN);

      await eventually(async () => {
        await page();
        return logged('master database gives no answer') > 0;
      });
      const before = logged('page without credits');
      expect(await page()).toContain(HIDDEN);
      expect(logged('page without credits')).toBe(before);
      proxy.thaw();
      await Promise.all(credits);
    } finally {
      proxy.thaw();
    }
    await eventually(async () => (await page()).includes('<dd>pro</dd>'));
  });
});
