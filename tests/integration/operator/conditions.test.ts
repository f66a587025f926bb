/** Every condition that only the operator can find, caused for real, with its sentence, and healed by taking its cause away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { INGRESS, POSTGRES_SERVER, SECRET, TENANT_PLAN } from '../../../src/api/resources.ts';
import { conditionOf, messageOf, Studio, SYSTEM, TENANTS } from '../../support/studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ RESERVED_SUBDOMAINS: 'billing' });
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

/** The three that tools wait on. */
async function summary(name: string): Promise<readonly (string | undefined)[]> {
  const tenant = await studio.tenant(name);
  if (tenant === undefined) return [];
  return [tenant.status?.phase, ...['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(tenant, type))];
}

async function sayAs(name: string, type: string, reason: string): Promise<string> {
  const tenant = await studio.reason(name, type, reason);
  const message = messageOf(tenant, type) ?? '';
  console.log(`${reason}: ${message}`);
  return message;
}

describe('what only the operator can know', () => {
  it('SubdomainTaken names nobody else, leaves the winner alone, and heals when it is given up', async () => {
    await studio.applyTenant('winner');
    await studio.settled('winner');
    await studio.applyTenant('loser', { subdomain: 'winner' });
    const message = await sayAs('loser', 'Registered', 'SubdomainTaken');
    expect(message).toContain('winner.platform.com');
    expect(await summary('loser')).toEqual(['Failed', 'False', 'False', 'True']);
    expect(await summary('winner')).toEqual(['Ready', 'True', 'False', 'False']);
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
    await sayAs('wants-domain', 'Stalled', 'DomainTaken');
    expect(await summary('wants-domain')).toEqual(['Degraded', 'True', 'False', 'True']);
    await studio.applyTenant('with-domain');
    await studio.settled('wants-domain');
  });

  it('DomainReserved and SubdomainReserved refuse what belongs to the platform', async () => {
    await studio.applyTenant('greedy', { ingress: { customDomains: ['x.platform.com'] } });
    await sayAs('greedy', 'Registered', 'DomainReserved');
    await studio.applyTenant('greedy', { subdomain: 'billing' });
    await sayAs('greedy', 'Registered', 'SubdomainReserved');
    expect(await summary('greedy')).toEqual(['Failed', 'False', 'False', 'True']);
    await studio.applyTenant('greedy');
    await studio.settled('greedy');
  });

  it('PlanNotFound waits for the plan, and a deleted plan leaves its values in force', async () => {
    await studio.applyTenant('planned', { plan: 'gold' });
    await sayAs('planned', 'Registered', 'PlanNotFound');
    expect(await summary('planned')).toEqual(['Pending', 'False', 'True', 'False']);
    await studio.apply('TenantPlan', 'gold', { database: { connectionLimit: 7 }, aiCredits: { monthlyAllowance: 3 } });
    const n = (await studio.settled('planned')).status?.organizationId;
    await studio.cluster.api.delete(TENANT_PLAN, { name: 'gold' });
    await sayAs('planned', 'Registered', 'PlanNotFound');
    expect(await summary('planned')).toEqual(['Ready', 'True', 'True', 'False']);
    expect(await studio.superuser(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'studio_${n}_db'`)).toEqual([{ rolconnlimit: 7 }]);
    await studio.apply('TenantPlan', 'gold', { database: { connectionLimit: 7 } });
    await studio.settled('planned');
  });

  it('ServerNotFound, MoveUnsupported and a server without room', async () => {
    await studio.applyTenant('placed', { database: { server: 'elsewhere' } });
    await sayAs('placed', 'Registered', 'ServerNotFound');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 1 } });
    await studio.settled('placed');
    await studio.applyTenant('placed', { database: { server: 'main' } });
    await sayAs('placed', 'Stalled', 'MoveUnsupported');
    expect(await summary('placed')).toEqual(['Degraded', 'True', 'False', 'True']);
    await studio.applyTenant('placed');
    await studio.settled('placed');
    await studio.applyTenant('crowded', { database: { server: 'elsewhere' } });
    await sayAs('crowded', 'Registered', 'NoServerWithRoom');
    await studio.applyServer('elsewhere', { capacity: { maxDatabases: 2 } });
    await studio.settled('crowded');
  });

  it('ReleaseNotFound waits for the pinned release', async () => {
    await studio.applyTenant('pinned', { release: 'later' });
    await sayAs('pinned', 'SchemaReady', 'ReleaseNotFound');
    expect(await summary('pinned')).toEqual(['Provisioning', 'False', 'True', 'False']);
    await studio.applyTenant('pinned');
    await studio.settled('pinned');
  });

  it('ExtensionUnavailable and ExtensionNotTrusted say what to do, and heal when corrected', async () => {
    await studio.applyTenant('extended', { database: { extensions: ['no_such_thing'] } });
    await sayAs('extended', 'DatabaseReady', 'ExtensionUnavailable');
    expect(await summary('extended')).toEqual(['Failed', 'False', 'False', 'True']);
    await studio.applyTenant('extended', { database: { extensions: ['dblink'] } });
    const message = await sayAs('extended', 'DatabaseReady', 'ExtensionNotTrusted');
    expect(message).toContain('CREATE EXTENSION');
    await studio.applyTenant('extended', { database: { extensions: ['pgcrypto'] } });
    const n = (await studio.settled('extended')).status?.organizationId;
    expect(await studio.superuser("SELECT extname FROM pg_extension WHERE extname = 'pgcrypto'", `studio_${n}_db`)).toHaveLength(1);
  });

  it('SecretConflict and IngressConflict never touch what belongs to somebody else', async () => {
    const foreign = { name: 'occupied-database', namespace: TENANTS };
    await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: foreign, stringData: { mine: 'yes' } });
    await studio.applyTenant('occupied');
    await sayAs('occupied', 'CredentialsReady', 'SecretConflict');
    expect(await studio.secret('occupied')).toEqual({ mine: 'yes' });
    await studio.cluster.api.delete(SECRET, foreign);
    await studio.cluster.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'occupied', namespace: TENANTS },
      spec: { defaultBackend: { service: { name: 'mine', port: { number: 80 } } } },
    });
    await studio.applyTenant('occupied', {}, { [ANNOTATION.retry]: '1' });
    await sayAs('occupied', 'Routed', 'IngressConflict');
    const ingress = await studio.cluster.api.get<never>(INGRESS, { name: 'occupied', namespace: TENANTS });
    expect(ingress).toMatchObject({ spec: { defaultBackend: { service: { name: 'mine' } } } });
    await studio.cluster.api.delete(INGRESS, { name: 'occupied', namespace: TENANTS });
    await studio.applyTenant('occupied', {}, { [ANNOTATION.retry]: '2' });
    await studio.settled('occupied');
  });

  it('a database and roles without our mark are foreign, and are left alone', async () => {
    const [next] = await studio.master(
      "SELECT last_value + 1 AS n FROM pg_sequences JOIN pg_class c ON relname = sequencename WHERE sequencename = 'organizations_id_seq'",
    );
    await studio.superuser(`CREATE ROLE "studio_${String(next?.['n'])}_db" LOGIN`);
    await studio.applyTenant('homonym');
    await sayAs('homonym', 'DatabaseReady', 'RoleConflict');
    expect(await summary('homonym')).toEqual(['Failed', 'False', 'False', 'True']);
    await studio.superuser(`DROP ROLE "studio_${String(next?.['n'])}_db"`);
    await studio.applyTenant('homonym', {}, { [ANNOTATION.retry]: '1' });
    await studio.settled('homonym');
  });

  it('a database that is lost is never made again', async () => {
    await studio.applyTenant('lost');
    const n = (await studio.settled('lost')).status?.organizationId;
    await studio.superuser(`DROP DATABASE studio_${n}_db WITH (FORCE)`);
    await studio.applyTenant('lost', {}, { [ANNOTATION.retry]: 'look' });
    await sayAs('lost', 'DatabaseReady', 'DatabaseLost');
    expect(await summary('lost')).toEqual(['Degraded', 'False', 'False', 'True']);
    expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([]);
  });

  it('paused leaves the object alone and says so', async () => {
    await studio.applyTenant('resting');
    await studio.settled('resting');
    await studio.applyTenant('resting', { subdomain: 'elsewhere' }, { [ANNOTATION.paused]: 'true' });
    await sayAs('resting', 'Reconciling', 'Paused');
    expect((await studio.tenant('resting'))?.status?.url).toBe('https://resting.platform.com');
    await studio.applyTenant('resting', { subdomain: 'elsewhere' });
    await studio.waitFor('resting', (tenant) => tenant.status?.url === 'https://elsewhere.platform.com');
  });
});

describe('a PostgresServer', () => {
  const serverMessage = async (name: string, reason: string): Promise<string> => {
    const { eventually } = await import('../../support/eventually.ts');
    return await eventually(
      async () => {
        const server = await studio.cluster.api.get<never>(POSTGRES_SERVER, { name });
        const ready = findCondition((server as { status?: { conditions?: never } } | undefined)?.status?.conditions, 'Ready');
        if (ready?.reason !== reason) throw new Error(`${name}: ${JSON.stringify(ready)}`);
        console.log(`${reason}: ${ready.message}`);
        return ready.message;
      },
      { timeoutMs: 60_000 },
    );
  };

  it('that nobody answers at is not Ready, and says so', async () => {
    await studio.applyServer('silent', { port: 1 });
    await serverMessage('silent', 'Unreachable');
  });

  it('whose login is refused says which Secret', async () => {
    await studio.applyServer('locked');
    await studio.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'locked-admin', namespace: SYSTEM },
      stringData: { username: 'studio_admin', password: 'wrong' },
    });
    await studio.applyServer('locked-too', { adminSecretRef: { name: 'nowhere' } });
    await serverMessage('locked-too', 'SecretNotFound');
  });
});
