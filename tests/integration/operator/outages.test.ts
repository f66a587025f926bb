/** The master database, a tenant server or the API server being away: waits, says so, recovers, loses nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findCondition } from '../../../src/api/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { freshServer, queryAs } from '../../support/postgres.ts';
import { conditionOf, Studio } from '../../support/studio.ts';
import type { PostgresServer } from '../../../dev/postgres.ts';

let studio: Studio;
let other: PostgresServer & AsyncDisposable;
beforeAll(async () => {
  [studio, other] = await Promise.all([Studio.start(), freshServer()]);
  await studio.startOperator({ SWEEP_INTERVAL: '1s', PROBE_INTERVAL: '2s' });
  await studio.applyServer('other', {}, other);
  await Promise.all(['main', 'other'].map((name) => studio.serverReady(name)));
  await studio.applyTenant('on-main', { database: { server: 'main' } });
  await studio.applyTenant('on-other', { database: { server: 'other' } });
  await Promise.all(['on-main', 'on-other'].map((name) => studio.settled(name)));
}, 180_000);
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function masterIs(up: '0' | '1'): Promise<void> {
  await eventually(async () => (await studio.operator?.metrics())?.includes(`\nstudio_master_up ${up}\n`), { timeoutMs: 30_000 });
}

describe('a tenant server that is away', () => {
  it('takes Ready from its tenants, leaves the others alone, and gives it back', async () => {
    await other.halt();
    const away = await studio.waitFor('on-other', (tenant) => conditionOf(tenant, 'Ready') === 'False');
    expect(away.status?.phase).toBe('Degraded');
    expect(findCondition(away.status?.conditions, 'Reconciling')?.status).toBe('True');
    console.log(`server away: ${findCondition(away.status?.conditions, 'Ready')?.message}`);
    await studio.applyTenant('meanwhile', { database: { server: 'main' } });
    await studio.settled('meanwhile');
    expect(conditionOf(await studio.settled('on-main'), 'Ready')).toBe('True');
    await other.resume();
    const back = await studio.settled('on-other');
    expect(back.status?.lastError).toBeUndefined();
    expect(await studio.asTenant('on-other', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('the master database and its server being away', () => {
  it('leaves tenants of other servers Ready, holds up new ones with a reason, and finishes them later', async () => {
    await studio.postgres.halt();
    await studio.applyTenant('newcomer', { database: { server: 'other' } });
    const held = await studio.waitFor(
      'newcomer',
      (tenant) => findCondition(tenant.status?.conditions, 'Reconciling')?.reason === 'MasterUnavailable',
    );
    expect(held.status?.phase).toBe('Pending');
    expect(conditionOf((await studio.tenant('on-other')) as never, 'Ready')).toBe('True');
    await masterIs('0');
    await studio.postgres.resume();
    await studio.settled('newcomer');
    await studio.settled('on-main');
    await masterIs('1');
  });

  it('is waited for by an operator that starts while it is away', async () => {
    await studio.operator?.stop();
    await studio.postgres.halt();
    const operator = await studio.startOperator();
    await studio.applyTenant('early', { database: { server: 'other' } });
    await studio.reason('early', 'Reconciling', 'MasterUnavailable');
    await studio.postgres.resume();
    await studio.settled('early');
    expect(await operator.stop()).toBe(0);
    await studio.startOperator({ SWEEP_INTERVAL: '1s' });
  });
});

describe('the API server being away', () => {
  it('ends the operator, which has lost its lease, and changes nothing for the tenants', async () => {
    const { operator } = studio;
    if (operator === undefined) throw new Error('no operator runs');
    await studio.leads(operator);
    await studio.controlPlane.halt();
    expect(await operator.ended).toBe(1);
    expect(
      await studio.superuser("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'studio-operator/%'"),
    ).toEqual([{ n: 0 }]);
    await studio.controlPlane.resume();
    await studio.startOperator();
    await studio.applyTenant('afterwards');
    await studio.settled('afterwards');
    expect((await studio.settled('on-main')).status?.phase).toBe('Ready');
  });
});

describe('a server at whose address another one answers', () => {
  it('is not touched any more: IdentityChanged', async () => {
    await using impostor = await freshServer();
    await studio.applyServer('other', { host: impostor.host, port: impostor.port }, impostor);
    const changed = await studio.waitFor('on-other', (tenant) => conditionOf(tenant, 'Ready') === 'False');
    console.log(`repointed: ${findCondition(changed.status?.conditions, 'Ready')?.message}`);
    expect(await queryAs(impostor.superuserUrl, "SELECT 1 FROM pg_roles WHERE rolname LIKE 'studio\\_%\\_db'")).toEqual([]);
    await studio.applyServer('other', {}, other);
    await studio.settled('on-other');
  });
});
