/** One bad tenant or one dead server never slows the others: counted in attempts and seen in who becomes Ready meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { PostgresServer } from '../../../dev/postgres.ts';
import { allSettled, applyTenants, namesOf } from '../../support/fleet.ts';
import { freshServer } from '../../support/postgres.ts';
import { conditionOf, Studio } from '../../support/studio.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

/** More than there are workers by default. */
const SILENT = 20;
const HEALTHY = 10;
/** With a doubling pause no tenant comes to more within an hour; without one, to hundreds within seconds. */
const MOST_ATTEMPTS = 20;

let studio: Studio;
let far: PostgresServer & AsyncDisposable;
let proxy: TcpProxy;
beforeAll(async () => {
  [studio, far] = await Promise.all([Studio.start(), freshServer()]);
  proxy = await startTcpProxy(far);
  await studio.startOperator({ LEADER_ELECTION: 'false', SWEEP_INTERVAL: '2s', PROBE_INTERVAL: '5s' });
  await studio.applyServer('far', { port: proxy.port }, far);
  await Promise.all(['main', 'far'].map((name) => studio.serverReady(name)));
}, 180_000);
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await far[Symbol.asyncDispose]();
});

/** Reconciles of a tenant that ended in an error, from the log. */
async function failuresOf(name: string): Promise<number> {
  const log = (await studio.operator?.log()) ?? '';
  return log.split('\n').filter((line) => line.includes(`"name":"${name}"`) && /"msg":"reconcile (?:failed|waits)/.test(line)).length;
}

describe('a server that falls silent under more tenants than there are workers', () => {
  it('leaves the workers to the tenants of other servers, and takes its own up again', async () => {
    const [silent, healthy] = [namesOf('silent', SILENT), namesOf('healthy', HEALTHY)];
    await applyTenants(studio, silent, { database: { server: 'far' } });
    await allSettled(studio, silent);
    proxy.freeze();
    await Promise.all(silent.map((name) => studio.annotateTenant(name, { [ANNOTATION.retry]: 'while silent' })));
    await studio.waitFor('silent-0', (tenant) => conditionOf(tenant, 'Ready') === 'False');
    await applyTenants(studio, healthy, { database: { server: 'main' } });
    await allSettled(studio, healthy);
    expect(conditionOf((await studio.tenant('silent-0')) ?? fail(), 'Ready')).toBe('False');
    for (const name of silent) expect(await failuresOf(name)).toBeLessThan(MOST_ATTEMPTS);

    proxy.thaw();
    await allSettled(studio, [...silent, ...healthy]);
  }, 300_000);
});

describe('a tenant whose work always fails', () => {
  it('is tried with growing pauses, while others are served, and heals when its cause goes', async () => {
    await studio.master(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'cursed'; END $$`);
    await studio.master(
      `CREATE TRIGGER refuse BEFORE INSERT ON organizations FOR EACH ROW WHEN (NEW.subdomain = 'cursed') EXECUTE FUNCTION public.refuse()`,
    );
    await studio.applyTenant('cursed', { database: { server: 'main' } });
    const cursed = await studio.reason('cursed', 'Reconciling', 'PostgresError');
    expect(cursed.status?.lastError).toMatchObject({ step: 'Organization', code: 'P0001' });
    const others = namesOf('others', HEALTHY);
    await applyTenants(studio, others, { database: { server: 'main' } });
    await allSettled(studio, others);
    expect(await failuresOf('cursed')).toBeLessThan(MOST_ATTEMPTS);

    await studio.master('DROP TRIGGER refuse ON organizations');
    await studio.settled('cursed', 120_000);
  }, 240_000);
});

function fail(): never {
  throw new Error('there is no such tenant');
}
