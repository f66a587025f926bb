/** Changes of a tenant that is served: each comes in without taking it down. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { INGRESS } from '../../../src/api/resources.ts';
import type { Ingress } from '../../../src/desired/ingress.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
let n: number;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.apply('TenantPlan', 'pro', {
    aiCredits: { monthlyAllowance: 1_000 },
    database: { connectionLimit: 50 },
    subscription: { trialDays: 14 },
  });
  await studio.startOperator({ INGRESS_ANNOTATION_PREFIXES: 'nginx.org/' });
  await studio.applyTenant('my-studio');
  n = (await studio.settled('my-studio')).status?.organizationId ?? 0;
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const change = async (spec: object, annotations = {}) => {
  await studio.applyTenant('my-studio', spec, annotations);
  return await studio.settled('my-studio');
};
const ingress = () => studio.cluster.api.get<Ingress>(INGRESS, { namespace: TENANTS, name: 'my-studio' });
const account = async () =>
  (await studio.master('SELECT monthly_allowance::int, balance::int FROM ai_credits_accounts WHERE organization_id = $1', [n]))[0];

describe('a served tenant', () => {
  it('changes its plan: subscription, limit and the allowance of the next period, but not the balance', async () => {
    await change({ plan: 'pro' });
    expect((await studio.master('SELECT plan FROM subscriptions WHERE organization_id = $1', [n]))[0]).toEqual({ plan: 'pro' });
    expect(await account()).toEqual({ monthly_allowance: 1_000, balance: 100 });
    expect(await studio.superuser(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'studio_${n}_db'`)).toEqual([{ rolconnlimit: 50 }]);
  });

  it('has an allowance, a limit and settings of its own', async () => {
    await change({
      aiCredits: { monthlyAllowance: 5 },
      database: { connectionLimit: 3, settings: { statement_timeout: '7s', timezone: 'Europe/Berlin' } },
    });
    expect(await account()).toMatchObject({ monthly_allowance: 5 });
    expect(await studio.superuser(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'studio_${n}_db'`)).toEqual([{ rolconnlimit: 3 }]);
    expect(await studio.asTenant('my-studio', 'SHOW statement_timeout')).toEqual([{ statement_timeout: '7s' }]);
    await change({});
    expect(await studio.asTenant('my-studio', 'SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
  });

  it('moves to another subdomain, releases the old one, and adds a custom domain with TLS', async () => {
    const tls = { issuer: { name: 'letsencrypt' } };
    const tenant = await change({ subdomain: 'new-home', ingress: { customDomains: ['booking.example'], tls } });
    expect(tenant.status?.url).toBe('https://new-home.platform.com');
    expect((await ingress())?.spec.rules.map(({ host }) => host)).toEqual(['new-home.platform.com', 'booking.example']);
    expect((await ingress())?.spec.tls).toHaveLength(2);
    await studio.applyTenant('successor', { subdomain: 'my-studio' });
    await studio.settled('successor');
    await change({ subdomain: 'new-home' });
    expect((await ingress())?.spec.tls).toBeUndefined();
    expect(await studio.master('SELECT domain FROM organization_domains')).toEqual([]);
  });

  it('gets an extension, and annotations by allowed prefix', async () => {
    await change({
      subdomain: 'new-home',
      database: { extensions: ['citext'] },
      ingress: { annotations: { 'nginx.org/limit': '5', 'other.io/x': 'y' } },
    });
    expect(await studio.asTenant('my-studio', "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
    expect(Object.keys((await ingress())?.metadata.annotations ?? {})).toEqual(expect.arrayContaining(['nginx.org/limit']));
    expect(Object.keys((await ingress())?.metadata.annotations ?? {})).not.toContain('other.io/x');
  });

  it.each([
    ['by its spec', { suspended: true }, {}],
    ['by annotation', {}, { [ANNOTATION.suspend]: 'incident 42' }],
  ])('is suspended %s: connections are refused, everything is kept; and resumes', async (_how, spec, annotations) => {
    await studio.applyTenant('my-studio', { subdomain: 'new-home', ...spec }, annotations);
    const suspended = await studio.waitFor('my-studio', ({ status }) => status?.phase === 'Suspended');
    expect(findCondition(suspended.status?.conditions, 'Ready')).toMatchObject({ status: 'True', reason: 'Suspended' });
    await expect(studio.asTenant('my-studio', 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
    expect((await studio.master('SELECT status FROM organizations WHERE id = $1', [n]))[0]).toEqual({ status: 'suspended' });
    expect(await ingress()).toBeDefined();
    await studio.applyTenant('my-studio', { subdomain: 'new-home' });
    await studio.waitFor('my-studio', ({ status }) => status?.phase === 'Ready');
    expect(await studio.asTenant('my-studio', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is never written to by the operator: spec and labels are as the user left them', async () => {
    const spec = (await studio.tenant('my-studio'))?.spec;
    expect(spec).toMatchObject({ subdomain: 'new-home' });
    const writes = (await studio.audit()).filter(
      ({ verb, user, objectRef }) =>
        user.username.endsWith(':studio-operator') &&
        ['update', 'patch', 'create'].includes(verb) &&
        objectRef?.resource === 'studiotenants' &&
        objectRef.subresource === undefined,
    );
    // One for the finalizer of each of the two tenants.
    expect(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`).toSorted()).toEqual(['patch my-studio', 'patch successor']);
  });

  it('met no refusal of its rights in all of this', async () => {
    const refused = (await studio.audit()).filter(
      ({ user, responseStatus }) => user.username.endsWith(':studio-operator') && responseStatus?.code === 403,
    );
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  });
});
