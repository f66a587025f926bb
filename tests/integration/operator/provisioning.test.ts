import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { INGRESS, SECRET } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { passwordMatches } from '../../../src/clients/passwords.ts';
import type { Ingress } from '../../../src/desired/ingress.ts';
import { conditionOf, Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator();
  await studio.applyTenant('my-studio');
  await studio.settled('my-studio');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

describe('one StudioTenant without any release', () => {
  it('becomes Ready with every condition true, and says where and from what it is served', async () => {
    const { status } = await studio.settled('my-studio');
    expect(status).toMatchObject({
      phase: 'Ready',
      url: 'https://my-studio.platform.com',
      database: { server: 'main', host: studio.postgres.host, port: studio.postgres.port, name: `studio_${status?.organizationId}_db` },
      credentials: { secretName: 'my-studio-database', generation: 1 },
    });
    const states = status?.conditions?.map(({ type, status: state, reason }) => `${type}=${state} ${reason}`);
    expect(states).toEqual([
      'Ready=True InSync',
      'Reconciling=False Settled',
      'Stalled=False NotStalled',
      'Registered=True InSync',
      'CredentialsReady=True InSync',
      'DatabaseReady=True InSync',
      'SchemaReady=True NoRelease',
      'SubscriptionReady=True InSync',
      'Routed=True InSync',
    ]);
  });

  it('has a Secret whose login works, in a database whose own objects it cannot change', async () => {
    const [row] = await studio.asTenant('my-studio', 'SELECT current_user AS me, current_database() AS here');
    const { organizationId } = (await studio.settled('my-studio')).status ?? {};
    expect(row).toEqual({ me: `studio_${organizationId}_db`, here: `studio_${organizationId}_db` });
    await expect(studio.asTenant('my-studio', 'CREATE TABLE t (i int)')).rejects.toMatchObject({ code: '42501' });
  });

  it('has its rows in the master database, with the hash of the very password', async () => {
    const { organizationId } = (await studio.settled('my-studio')).status ?? {};
    const [row] = await studio.master('SELECT * FROM organizations WHERE id = $1', [organizationId]);
    expect(row).toMatchObject({ status: 'active', subdomain: 'my-studio', server_name: 'main', credentials_generation: 1 });
    const { password } = await studio.secret('my-studio');
    expect(await passwordMatches(password ?? '', String(row?.['database_password_hash']))).toBe(true);
    expect(await studio.master('SELECT plan FROM subscriptions WHERE organization_id = $1', [organizationId])).toEqual([{ plan: 'free' }]);
    expect(
      await studio.master('SELECT monthly_allowance::int, balance::int FROM ai_credits_accounts WHERE organization_id = $1', [
        organizationId,
      ]),
    ).toEqual([{ monthly_allowance: 100, balance: 100 }]);
  });

  it('has an Ingress for its host, owned by it', async () => {
    const tenant = await studio.settled('my-studio');
    const ingress = await studio.cluster.api.get<Ingress>(INGRESS, { namespace: TENANTS, name: 'my-studio' });
    expect(ingress?.spec.rules.map(({ host }) => host)).toEqual(['my-studio.platform.com']);
    const secret = await studio.cluster.api.get<KubernetesObject>(SECRET, { namespace: TENANTS, name: 'my-studio-database' });
    for (const object of [ingress, secret]) expect(object?.metadata.ownerReferences?.[0]?.uid).toBe(tenant.metadata.uid);
  });

  it('never had its password in a log, an Event, the status or a statement', async () => {
    const { password = '' } = await studio.secret('my-studio');
    const events = await studio.cluster.api.raw<object>({ method: 'GET', path: `/api/v1/namespaces/${TENANTS}/events` });
    const log = (await studio.operator?.log()) ?? '';
    const tenant = await studio.tenant('my-studio');
    for (const text of [log, JSON.stringify(events), JSON.stringify(tenant)]) expect(text).not.toContain(password);
  });

  it('is provisioned beside others without sharing anything', async () => {
    await Promise.all(['second', 'third'].map((name) => studio.applyTenant(name)));
    const tenants = await Promise.all(['my-studio', 'second', 'third'].map((name) => studio.settled(name)));
    expect(new Set(tenants.map(({ status }) => status?.organizationId)).size).toBe(3);
    expect(tenants.map((tenant) => conditionOf(tenant, 'Ready'))).toEqual(['True', 'True', 'True']);
    const { uri = '' } = await studio.secret('second');
    const other = new URL((await studio.secret('third'))['uri'] ?? '');
    const foreign = new URL(uri);
    foreign.pathname = other.pathname;
    const { queryAs } = await import('../../support/postgres.ts');
    await expect(queryAs(foreign.href, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  });
});
