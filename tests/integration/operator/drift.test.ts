/** Drift is repaired: whatever somebody changes behind the operator's back is put right, and nothing is written while all is well. */
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { INGRESS, POSTGRES_SERVER, SECRET } from '../../../src/api/resources.ts';
import type { Ingress } from '../../../src/desired/ingress.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs } from '../../support/postgres.ts';
import { type AuditEntry, conditionOf, messageOf, Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
let n: number;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ SWEEP_INTERVAL: '1s', PROBE_INTERVAL: '3s' });
  await studio.applyTenant('my-studio', { database: { settings: { statement_timeout: '30s' } } });
  n = (await studio.settled('my-studio')).status?.organizationId ?? 0;
  await studio.applyTenant('neighbour');
  await studio.settled('neighbour');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const repaired = (check: () => Promise<boolean>) => eventually(check, { timeoutMs: 30_000 });
const one = async (sql: string): Promise<unknown> => Object.values((await studio.superuser(sql))[0] ?? {})[0];
const canLogin = async (): Promise<boolean> =>
  await studio.asTenant('my-studio', 'SELECT 1').then(
    () => true,
    () => false,
  );

describe('in the cluster', () => {
  it('makes a deleted Ingress again, and takes back a changed one', async () => {
    const name = { namespace: TENANTS, name: 'my-studio' };
    const hosts = async () => (await studio.cluster.api.get<Ingress>(INGRESS, name))?.spec.rules.map(({ host }) => host).join();
    await studio.cluster.api.delete(INGRESS, name);
    await repaired(async () => (await hosts()) === 'my-studio.platform.com');
    await studio.cluster.api.jsonPatch(INGRESS, name, [{ op: 'replace', path: '/spec/rules/0/host', value: 'stolen.example' }]);
    await repaired(async () => (await hosts()) === 'my-studio.platform.com');
  });

  it('puts a new password where the Secret was deleted, and the role follows', async () => {
    const before = await studio.secret('my-studio');
    await studio.cluster.api.delete(SECRET, { namespace: TENANTS, name: 'my-studio-database' });
    await repaired(async () => ![undefined, before['password']].includes((await studio.secret('my-studio'))['password']));
    await repaired(canLogin);
    await expect(queryAs(before['uri'] ?? '', 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    const tenant = await studio.waitFor('my-studio', ({ status }) => status?.credentials?.generation === 2);
    expect(tenant.status?.phase).toBe('Ready');
  });

  it('never gives two passwords the same number, also when the master database has forgotten the last', async () => {
    const before = (await studio.tenant('my-studio'))?.status?.credentials?.generation ?? 0;
    expect(before).toBeGreaterThan(1);
    await studio.master("UPDATE organizations SET credentials_generation = 1 WHERE name = 'my-studio' AND living");
    await studio.cluster.api.delete(SECRET, { namespace: TENANTS, name: 'my-studio-database' });
    await studio.waitFor('my-studio', ({ status }) => status?.credentials?.generation === before + 1);
    expect((await studio.secret('my-studio'))['generation']).toBe(String(before + 1));
    await repaired(canLogin);
  });

  it('follows a password that a person has put into the Secret, and keeps its URI right', async () => {
    const value = Buffer.from('correct-horse-battery').toString('base64');
    await studio.cluster.api.jsonPatch(SECRET, { namespace: TENANTS, name: 'my-studio-database' }, [
      { op: 'replace', path: '/data/password', value },
    ]);
    await repaired(async () => (await studio.secret('my-studio'))['uri']?.includes('correct-horse-battery') === true && (await canLogin()));
  });

  it('labels a Secret again, without which it would hear of no change to it', async () => {
    const name = { namespace: TENANTS, name: 'my-studio-database' };
    const labels = async () => (await studio.cluster.api.get<KubernetesObject>(SECRET, name))?.metadata.labels ?? {};
    const before = await labels();
    await studio.cluster.api.jsonPatch(SECRET, name, [{ op: 'remove', path: '/metadata/labels' }]);
    await repaired(async () => isDeepStrictEqual(await labels(), before));
  });

  it("takes no password from a Secret that is not the tenant's, and goes on serving", async () => {
    const { uri = '' } = await studio.secret('my-studio');
    const name = { namespace: TENANTS, name: 'my-studio-database' };
    await studio.cluster.api.jsonPatch(SECRET, name, [
      { op: 'remove', path: '/metadata/ownerReferences' },
      { op: 'replace', path: '/data/password', value: Buffer.from('somebody-elses').toString('base64') },
    ]);
    const tenant = await studio.reason('my-studio', 'CredentialsReady', 'SecretConflict');
    expect(conditionOf(tenant, 'Ready')).toBe('True');
    await queryAs(uri, 'SELECT 1');
    await studio.cluster.api.delete(SECRET, name);
    await studio.settled('my-studio');
    await repaired(canLogin);
  });

  it('replaces a password that cannot be used', async () => {
    await studio.cluster.api.jsonPatch(SECRET, { namespace: TENANTS, name: 'my-studio-database' }, [
      { op: 'replace', path: '/data/password', value: '' },
    ]);
    await repaired(async () => (await studio.secret('my-studio'))['password'] !== '' && (await canLogin()));
  });
});

describe('on the server', () => {
  it('takes CONNECT back from PUBLIC and from another tenant, also where it came with grant option', async () => {
    await studio.superuser(`GRANT CONNECT ON DATABASE studio_${n}_db TO PUBLIC`);
    const [row] = await studio.superuser(
      `SELECT rolname FROM pg_roles WHERE rolname ~ '^studio_[0-9]+_db$' AND rolname <> 'studio_${n}_db'`,
    );
    const neighbour = String(row?.['rolname']);
    await studio.superuser(`GRANT CONNECT ON DATABASE studio_${n}_db TO ${neighbour} WITH GRANT OPTION`);
    const may = (role: string): Promise<unknown> => one(`SELECT has_database_privilege('${role}', 'studio_${n}_db', 'CONNECT')`);
    await repaired(async () => (await may(neighbour)) === false);
    expect(await may('public')).toBe(false);
    expect(await canLogin()).toBe(true);
  });

  it('puts limits, settings and LOGIN back', async () => {
    await studio.superuser(`ALTER ROLE studio_${n}_db CONNECTION LIMIT 1`);
    await studio.superuser(`ALTER DATABASE studio_${n}_db SET statement_timeout = '1s'`);
    await studio.superuser(`ALTER ROLE studio_${n}_db NOLOGIN`);
    await repaired(async () => (await one(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'studio_${n}_db'`)) === 20);
    await repaired(async () => (await one(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'studio_${n}_db'`)) === true);
    await repaired(async () => (await studio.asTenant('my-studio', 'SHOW statement_timeout'))[0]?.['statement_timeout'] === '30s');
  });

  it('says which statement takes away an attribute that only a superuser can take away, and heals', async () => {
    await studio.superuser(`ALTER ROLE studio_${n}_db CREATEDB`);
    const tenant = await studio.reason('my-studio', 'DatabaseReady', 'ForeignAttributes');
    const sql = /run: (ALTER ROLE .*);/.exec(messageOf(tenant, 'DatabaseReady') ?? '')?.[1] ?? '';
    expect(sql).toBe(`ALTER ROLE "studio_${n}_db" NOCREATEDB`);
    expect(conditionOf(tenant, 'Ready')).toBe('True');
    await studio.superuser(sql);
    await studio.settled('my-studio');
  });

  it('takes the database back from another owner', async () => {
    await studio.superuser(`ALTER DATABASE studio_${n}_db OWNER TO studio_${n}_db_owner`);
    await repaired(
      async () => (await one(`SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'studio_${n}_db'`)) === 'studio_admin',
    );
  });

  it("undoes the tenant's own password change, which only a login can show", async () => {
    await studio.asTenant('my-studio', `ALTER ROLE studio_${n}_db PASSWORD 'mine-now'`);
    expect(await canLogin()).toBe(false);
    await repaired(canLogin);
  });

  it('resets what the tenant has set on its own role', async () => {
    await studio.asTenant('my-studio', `ALTER ROLE studio_${n}_db SET search_path = 'elsewhere'`);
    await repaired(async () => (await studio.asTenant('my-studio', 'SHOW search_path'))[0]?.['search_path'] !== 'elsewhere');
  });

  it('mends the rights inside the database', async () => {
    await studio.superuser(`REVOKE USAGE ON SCHEMA public FROM studio_${n}_db`, `studio_${n}_db`);
    await repaired(
      async () =>
        (await studio.superuser(`SELECT has_schema_privilege('studio_${n}_db', 'public', 'USAGE') AS may`, `studio_${n}_db`))[0]?.[
          'may'
        ] === true,
    );
  });
});

describe('in the master database', () => {
  it('puts plan and status back, and leaves the balance to the application', async () => {
    await studio.master('UPDATE ai_credits_accounts SET balance = 7 WHERE organization_id = $1', [n]);
    await studio.master("UPDATE organizations SET status = 'failed' WHERE id = $1", [n]);
    await studio.master("UPDATE subscriptions SET plan = 'another' WHERE organization_id = $1", [n]);
    await repaired(async () => (await studio.master('SELECT status FROM organizations WHERE id = $1', [n]))[0]?.['status'] === 'active');
    await repaired(
      async () => (await studio.master('SELECT plan FROM subscriptions WHERE organization_id = $1', [n]))[0]?.['plan'] === 'free',
    );
    expect((await studio.master('SELECT balance::int FROM ai_credits_accounts WHERE organization_id = $1', [n]))[0]?.['balance']).toBe(7);
  });

  it('tells of an organization that is served although it has no object', async () => {
    await studio.master(
      `INSERT INTO organizations (uid, cluster_id, namespace, name, display_name, subdomain, server_name, database_host, database_port)
       SELECT gen_random_uuid(), cluster_id, 'studio-tenants', 'ghost', 'Ghost', 'ghost', 'main', 'nowhere', 1 FROM installation`,
    );
    await repaired(async () => /^studio_organizations_without_object 1$/m.test((await studio.operator?.metrics()) ?? ''));
  });
});

describe('a server that is not looked at any more', () => {
  it('keeps no number of what was found there', async () => {
    const series = async (): Promise<boolean> => /^studio_sweep_drifted\{target="spare"\}/m.test((await studio.operator?.metrics()) ?? '');
    await studio.applyServer('spare');
    await studio.serverReady('spare');
    await repaired(series);
    await studio.applyServer('spare', { port: 1 });
    await repaired(async () => !(await series()));

    await studio.applyServer('spare');
    await repaired(series);
    await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'spare' });
    await repaired(async () => !(await series()));
  });
});

describe('a steady state', () => {
  it("writes nothing to the API server but the Lease's renewals, over several sweeps and probes", async () => {
    await Promise.all(['my-studio', 'neighbour'].map((name) => studio.settled(name)));
    const sweeps = async (): Promise<number> =>
      Number(
        /^studio_sql_statements_total\{target="main",kind="gather-all"\} (\d+)/m.exec((await studio.operator?.metrics()) ?? '')?.[1] ?? 0,
      );
    const isWrite = ({ verb, user, objectRef }: AuditEntry): boolean =>
      user.username.endsWith(':studio-operator') && !['get', 'list', 'watch'].includes(verb) && objectRef?.resource !== 'leases';
    const [from, before] = [await sweeps(), (await studio.audit()).filter(isWrite).length];
    await eventually(async () => (await sweeps()) >= from + 6, { timeoutMs: 60_000 });
    expect((await studio.audit()).filter(isWrite).slice(before)).toEqual([]);
  });
});
