/** Conditions that come from Kubernetes and the master database: each caused for real, and healed by taking its cause away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import { INGRESS, POSTGRES_SERVER, SECRET, STUDIO_TENANT, TENANT_PLAN } from '../../../src/api/resources.ts';
import { DEGRADED, FAILED, READY, sentenceOf, summaryOf } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ RESERVED_SUBDOMAINS: 'billing', SWEEP_INTERVAL: '1s' });
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const summary = (name: string) => summaryOf(studio, name);
const sentence = (name: string, type: string, reason: string) => sentenceOf(studio, name, type, reason);

describe('what a tenant claims', () => {
  it('SubdomainTaken names nobody else, leaves the winner alone, and heals when it is given up', async () => {
    await studio.applyTenant('winner');
    await studio.settled('winner');
    await studio.applyTenant('loser', { subdomain: 'winner' });
    expect(await sentence('loser', 'Registered', 'SubdomainTaken')).toContain('winner.platform.com');
    expect(await summary('loser')).toEqual(FAILED);
    expect(await summary('winner')).toEqual(READY);
    await studio.applyTenant('winner', { subdomain: 'moved' });
    await studio.settled('loser');
    expect((await studio.settled('winner')).status?.url).toBe('https://moved.platform.com');
  });

  it('DomainTaken keeps a serving tenant Ready on what it has', async () => {
    await studio.applyTenant('with-domain', { ingress: { customDomains: ['booking.example'] } });
    await studio.settled('with-domain');
    await studio.applyTenant('wants-domain');
    await studio.settled('wants-domain');
    await studio.applyTenant('wants-domain', { ingress: { customDomains: ['booking.example'] } });
    await sentence('wants-domain', 'Stalled', 'DomainTaken');
    expect(await summary('wants-domain')).toEqual(DEGRADED);
    await studio.applyTenant('with-domain');
    await studio.settled('wants-domain');
  });

  it('DomainReserved and SubdomainReserved refuse what belongs to the platform', async () => {
    await studio.applyTenant('greedy', { ingress: { customDomains: ['x.platform.com'] } });
    await sentence('greedy', 'Registered', 'DomainReserved');
    await studio.applyTenant('greedy', { subdomain: 'billing' });
    await sentence('greedy', 'Registered', 'SubdomainReserved');
    expect(await summary('greedy')).toEqual(FAILED);
    await studio.applyTenant('greedy');
    await studio.settled('greedy');
  });

  it('OrganizationNotFound and OrganizationInUse refuse to adopt what is not there or not free', async () => {
    await studio.applyTenant('adopter', {}, { [ANNOTATION.adoptOrganization]: '999999' });
    await sentence('adopter', 'Registered', 'OrganizationNotFound');
    const owner = (await studio.settled('winner')).status?.organizationId;
    await studio.applyTenant('adopter', {}, { [ANNOTATION.adoptOrganization]: String(owner) });
    await sentence('adopter', 'Registered', 'OrganizationInUse');
    expect(await summary('adopter')).toEqual(FAILED);
    expect(await summary('winner')).toEqual(READY);
    await studio.applyTenant('adopter');
    await studio.settled('adopter');
  });
});

describe('what a tenant refers to', () => {
  it('PlanNotFound waits for the plan, and a deleted plan leaves its values in force', async () => {
    await studio.applyTenant('planned', { plan: 'gold' });
    await sentence('planned', 'Registered', 'PlanNotFound');
    expect(await summary('planned')).toEqual(['Pending', 'False', 'True', 'False']);
    await studio.apply('TenantPlan', 'gold', { database: { connectionLimit: 7 }, aiCredits: { monthlyAllowance: 3 } });
    const n = (await studio.settled('planned')).status?.organizationId;
    await studio.cluster.api.delete(TENANT_PLAN, { name: 'gold' });
    await sentence('planned', 'Registered', 'PlanNotFound');
    expect(await summary('planned')).toEqual(['Ready', 'True', 'True', 'False']);
    expect(await studio.superuser(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'studio_${n}_db'`)).toEqual([{ rolconnlimit: 7 }]);
    await studio.apply('TenantPlan', 'gold', { database: { connectionLimit: 7 } });
    await studio.settled('planned');
  });

  it('ServerNotFound waits for the server, and MoveUnsupported keeps serving from the one it has', async () => {
    await studio.applyTenant('placed', { database: { server: 'elsewhere' } });
    await sentence('placed', 'Registered', 'ServerNotFound');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 1 } });
    await studio.settled('placed');
    await studio.applyTenant('placed', { database: { server: 'main' } });
    await sentence('placed', 'Stalled', 'MoveUnsupported');
    expect(await summary('placed')).toEqual(DEGRADED);
    await studio.applyTenant('placed');
    await studio.settled('placed');
  });

  it('NoServerWithRoom waits until a server is larger, or takes new databases', async () => {
    const database = { server: 'elsewhere' };
    await studio.applyTenant('crowded', { database });
    expect(await sentence('crowded', 'Registered', 'NoServerWithRoom')).toContain('maxDatabases');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 3 } });
    await studio.settled('crowded');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 3 }, unschedulable: true });
    await studio.applyTenant('closed-out', { database });
    expect(await sentence('closed-out', 'Registered', 'NoServerWithRoom')).toContain('unschedulable');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 9 }, unschedulable: false });
    await studio.settled('closed-out');
  });

  it('NoServerForPlan and ServerNotReady say which server is missing', async () => {
    await studio.apply('TenantPlan', 'dedicated', { database: { serverSelector: { matchLabels: { tier: 'dedicated' } } } });
    await studio.applyTenant('choosy', { plan: 'dedicated' });
    await sentence('choosy', 'Registered', 'NoServerForPlan');
    await studio.applyServer('silent', { port: 1 });
    await studio.applyTenant('unlucky', { database: { server: 'silent' } });
    await sentence('unlucky', 'Registered', 'ServerNotReady');
    expect(await summary('unlucky')).toEqual(['Pending', 'False', 'True', 'False']);
    await studio.cluster.api.jsonPatch(POSTGRES_SERVER, { name: 'elsewhere' }, [
      { op: 'add', path: '/metadata/labels', value: { tier: 'dedicated' } },
    ]);
    expect((await studio.settled('choosy')).status?.database?.server).toBe('elsewhere');
    await studio.applyTenant('unlucky');
    expect((await studio.settled('unlucky')).status?.database?.server).not.toBe('silent');
  });

  it('ReleaseNotFound waits for the pinned release', async () => {
    await studio.applyTenant('pinned', { release: 'later' });
    await sentence('pinned', 'SchemaReady', 'ReleaseNotFound');
    expect(await summary('pinned')).toEqual(['Provisioning', 'False', 'True', 'False']);
    await studio.applyTenant('pinned');
    await studio.settled('pinned');
  });
});

describe('what is in the way', () => {
  it('SecretConflict and IngressConflict never touch what belongs to somebody else', async () => {
    const foreign = { name: 'occupied-database', namespace: TENANTS };
    await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: foreign, stringData: { mine: 'yes' } });
    await studio.applyTenant('occupied');
    await sentence('occupied', 'CredentialsReady', 'SecretConflict');
    expect(await studio.secret('occupied')).toEqual({ mine: 'yes' });
    await studio.cluster.api.delete(SECRET, foreign);
    await studio.cluster.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'occupied', namespace: TENANTS },
      spec: { defaultBackend: { service: { name: 'mine', port: { number: 80 } } } },
    });
    await studio.applyTenant('occupied', {}, { [ANNOTATION.retry]: '1' });
    await sentence('occupied', 'Routed', 'IngressConflict');
    const ingress = await studio.cluster.api.get<never>(INGRESS, { name: 'occupied', namespace: TENANTS });
    expect(ingress).toMatchObject({ spec: { defaultBackend: { service: { name: 'mine' } } } });
    await studio.cluster.api.delete(INGRESS, { name: 'occupied', namespace: TENANTS });
    await studio.applyTenant('occupied', {}, { [ANNOTATION.retry]: '2' });
    await studio.settled('occupied');
  });
});

describe('paused', () => {
  it('leaves the object alone and says so', async () => {
    await studio.applyTenant('resting');
    await studio.settled('resting');
    await studio.applyTenant('resting', { subdomain: 'elsewhere' }, { [ANNOTATION.paused]: 'true' });
    await sentence('resting', 'Reconciling', 'Paused');
    expect((await studio.tenant('resting'))?.status?.url).toBe('https://resting.platform.com');
    await studio.applyTenant('resting', { subdomain: 'elsewhere' });
    await studio.waitFor('resting', (tenant) => tenant.status?.url === 'https://elsewhere.platform.com');
  });

  it('from the start makes nothing at all', async () => {
    await studio.applyTenant('not-yet', {}, { [ANNOTATION.paused]: 'true' });
    await sentence('not-yet', 'Stalled', 'Paused');
    expect((await studio.tenant('not-yet'))?.metadata.finalizers).toBeUndefined();
    expect(await studio.master("SELECT 1 FROM organizations WHERE name = 'not-yet'")).toEqual([]);
    await studio.applyTenant('not-yet');
    await studio.settled('not-yet');
  });
});

describe('suspended from the start', () => {
  it('is made with everything but a login, and serves once it is resumed', async () => {
    await studio.applyTenant('sleeper', { suspended: true });
    const tenant = await studio.waitFor('sleeper', ({ status }) => status?.phase === 'Suspended');
    expect(await summary('sleeper')).toEqual(['Suspended', 'True', 'False', 'False']);
    await expect(studio.asTenant('sleeper', 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
    const { organizationId } = tenant.status ?? {};
    const row = await studio.master('SELECT status, database_password_hash IS NOT NULL AS hashed FROM organizations WHERE id = $1', [
      organizationId,
    ]);
    expect(row).toEqual([{ status: 'suspended', hashed: true }]);
    await studio.applyTenant('sleeper');
    await studio.waitFor('sleeper', ({ status }) => status?.phase === 'Ready');
    expect(await studio.asTenant('sleeper', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a tenant that cannot go on', () => {
  const metric = async (pattern: RegExp): Promise<number> => {
    const text = (await studio.operator?.metrics()) ?? '';
    return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const reconciles = () => metric(/^controller_runtime_reconcile_total\{[^}]*controller="studiotenant"[^}]*\} (\d+)/gm);
  const sweeps = () => metric(/^studio_sql_statements_total\{target="main",kind="gather-all"\} (\d+)/gm);
  const writes = async (): Promise<readonly string[]> =>
    (await studio.audit())
      .filter(({ user, verb }) => user.username.endsWith(':studio-operator') && !['get', 'list', 'watch'].includes(verb))
      .filter(({ objectRef }) => objectRef?.resource !== 'leases')
      .map(({ verb, requestURI }) => `${verb} ${requestURI}`);

  it('costs no write and no attempt while nothing changes, and one note in its status for each retry that finds the same', async () => {
    await studio.applyTenant('holder', { subdomain: 'claimed' });
    await studio.settled('holder');
    await studio.applyTenant('stuck-claim', { subdomain: 'claimed' });
    await studio.applyTenant('stuck-plan', { plan: 'nowhere' });
    await studio.applyTenant('stuck-extension', { database: { extensions: ['no_such_thing'] } });
    await sentence('stuck-claim', 'Registered', 'SubdomainTaken');
    await sentence('stuck-plan', 'Registered', 'PlanNotFound');
    await sentence('stuck-extension', 'DatabaseReady', 'ExtensionUnavailable');
    // What was under way elsewhere comes to its end first.
    const calm = await eventually(
      async () => {
        const before = { swept: await sweeps(), reconciled: await reconciles(), written: (await writes()).length };
        await eventually(async () => (await sweeps()) >= before.swept + 3, { timeoutMs: 30_000 });
        return (await reconciles()) === before.reconciled && (await writes()).length === before.written ? before : undefined;
      },
      { timeoutMs: 60_000 },
    );
    const names = ['stuck-claim', 'stuck-plan', 'stuck-extension'];
    for (const retry of ['1', '2', '3']) {
      for (const name of names) await studio.cluster.annotate(STUDIO_TENANT, { namespace: TENANTS, name }, { [ANNOTATION.retry]: retry });
      await eventually(async () => (await reconciles()) >= calm.reconciled + names.length * Number(retry), { timeoutMs: 30_000 });
    }
    for (const name of names) await studio.waitFor(name, ({ status }) => status?.handled?.retry === '3');
    const written = (await writes()).slice(calm.written);
    const path = `/apis/${API_VERSION}/namespaces/${TENANTS}/studiotenants`;
    expect(written.map((line) => line.replace(/\?.*/, ''))).toEqual(
      written.map(() => expect.stringMatching(new RegExp(`^patch ${path}/stuck-[a-z]+/status$`))),
    );
    expect(written.length).toBeLessThanOrEqual(9);
  });
});
