/**
 * An upgrade from the version before with tenants in place: the operator's pods are replaced, and no tenant notices. Told by the API server's
 * audit log and by PostgreSQL's log, not by the operator. Also: with the rights of the chart, for some namespaces and for all of them, nothing
 * that the operator wants is refused.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { SECRET, STUDIO_TENANT } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';
import { type AuditEntry, SYSTEM } from '../../support/studio.ts';
import { Platform, PREVIOUS_CHART, RELEASE } from './platform.ts';

const TENANTS = ['one', 'two', 'three'];
const ACCOUNT = `system:serviceaccount:${SYSTEM}:${RELEASE}`;
const READS = new Set(['get', 'list', 'watch']);
const PODS = `/api/v1/namespaces/${SYSTEM}/pods?labelSelector=app.kubernetes.io/name=${RELEASE}`;
/** What only looks, unless something that writes is inside. */
const LOOKS = /^\s*(SELECT|WITH|SHOW|SET|BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b/i;
const WRITES_INSIDE = /\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO|INTO\s+TEMP)\b/i;

/** Every statement with its database and user. */
const LOGGED = { log_statement: 'all', log_line_prefix: '<%d %u> ' };
const STATEMENT = /^<(\S*) (\S*)> LOG:\s+(?:statement|execute [^:]*): /;

interface Statement {
  readonly database: string;
  readonly user: string;
  readonly text: string;
}

/** Statements may have several lines; only the first has the prefix. */
function statementsIn(log: string): readonly Statement[] {
  const statements: Statement[] = [];
  for (const line of log.split('\n')) {
    const [match, database = '', user = ''] = STATEMENT.exec(line) ?? [];
    if (match !== undefined) statements.push({ database, user, text: line.slice(match.length) });
    else if (!line.startsWith('<') && statements.length > 0) {
      const last = statements.pop() as Statement;
      statements.push({ ...last, text: `${last.text}\n${line}` });
    }
  }
  return statements;
}

const changes = ({ text }: Statement): boolean => !LOOKS.test(text) || WRITES_INSIDE.test(text);
const isWrite = ({ verb }: AuditEntry): boolean => !READS.has(verb);
const written = ({ verb, user, requestURI, responseStatus }: AuditEntry): string =>
  `${user.username} ${verb} ${requestURI} ${responseStatus?.code}`;

describe.each([
  { major: 3, watchNamespaces: ['studio-tenants'], scope: 'one namespace' },
  { major: 4, watchNamespaces: ['*'], scope: 'all namespaces' },
] as const)('with Helm $major, for $scope', ({ major, watchNamespaces }) => {
  let platform: Platform;
  let before: {
    readonly audit: number;
    readonly log: number;
    readonly objects: string;
    readonly organizations: string;
    readonly pid: number;
  };
  let session: pg.Client;

  const values = (): object => ({
    masterDatabase: { existingSecret: { name: 'studio-operator-master' } },
    watchNamespaces,
    // No probe of a login is due, and sweeps are many.
    config: { sweepInterval: '2s', probeInterval: '24h', baseDomain: 'studios.example' },
    servers: { main: platform.server },
    schemaReleases: { 'studio-1': { version: 1, args: ['migrations/tenant/studio-1'] } },
  });

  /** Of tenants and of all that is made for them, as they are stored. */
  const tenantObjects = async (): Promise<string> => {
    const paths = ['secrets', 'pods'].map((plural) => `/api/v1/namespaces/studio-tenants/${plural}`);
    paths.push('/apis/batch/v1/namespaces/studio-tenants/jobs', '/apis/networking.k8s.io/v1/namespaces/studio-tenants/ingresses');
    for (const plural of ['studiotenants', 'postgresservers', 'schemareleases', 'tenantplans'])
      paths.push(`/apis/studio-platform.io/v1alpha1/${plural}`);
    const lists = await Promise.all(paths.map((path) => platform.list<KubernetesObject & { spec?: unknown }>(path)));
    return JSON.stringify(lists.map((list) => list.map(({ metadata: { uid, generation }, spec }) => ({ uid, generation, spec }))));
  };

  /** Every row, also of those that are gone. */
  const organizations = async (): Promise<string> => {
    const url = withDatabase(platform.postgres.superuserUrl, 'studio_platform_master');
    const tables = ['organizations', 'subscriptions', 'ai_credits_accounts', 'tenant_events'];
    return JSON.stringify(await Promise.all(tables.map((table) => queryAs(url, `SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY 1`))));
  };

  const uriOf = async (name: string): Promise<string> => {
    const secret = (await platform.get(SECRET, `${name}-database`, 'studio-tenants')) as { data?: Record<string, string> } | undefined;
    return Buffer.from(secret?.data?.['uri'] ?? '', 'base64').toString();
  };

  const auditSince = async (): Promise<readonly AuditEntry[]> => (await platform.audit()).slice(before.audit);
  const statementsSince = async (): Promise<readonly Statement[]> =>
    statementsIn((await readFile(platform.postgres.logFile, 'utf8')).slice(before.log));
  const podNames = async (): Promise<readonly string[]> => (await platform.list(PODS)).map(({ metadata }) => metadata.name).toSorted();
  const sweeps = (statements: readonly Statement[]): number =>
    statements.filter(({ database, text }) => database === 'postgres' && /pg_database/.test(text)).length;

  beforeAll(async () => {
    platform = await Platform.start(major, LOGGED);
    await platform.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'studio-tenants' } });
    await platform.install({ ...values(), createNamespaces: false }, { chart: PREVIOUS_CHART });
    for (const name of TENANTS) await platform.applyTenant(name);
    await platform.applyTenant('leaving', { deletionPolicy: 'Delete', annotations: { [ANNOTATION.confirmDeletion]: 'leaving' } });
    for (const name of [...TENANTS, 'leaving']) await platform.settled(name);
    await platform.cluster.api.delete(STUDIO_TENANT, { namespace: 'studio-tenants', name: 'leaving' });
    await eventually(async () => (await platform.tenant('leaving')) === undefined, { timeoutMs: 60_000 });
    session = new pg.Client({ connectionString: await uriOf('one') });
    await session.connect();
    await quiet();
    before = {
      audit: (await platform.audit()).length,
      log: (await readFile(platform.postgres.logFile, 'utf8')).length,
      objects: await tenantObjects(),
      organizations: await organizations(),
      pid: (await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0,
    };
  }, 300_000);

  afterAll(async () => {
    await session.end();
    await platform[Symbol.asyncDispose]();
  });

  /** Releases are counted, and Events sent, a little later than their tenants are settled. */
  async function quiet(): Promise<void> {
    const writes = async (): Promise<number> =>
      (await platform.audit()).filter(
        (entry) => isWrite(entry) && entry.user.username === ACCOUNT && entry.objectRef?.resource !== 'leases',
      ).length;
    const renewals = async (): Promise<number> =>
      (await platform.audit()).filter(({ objectRef }) => objectRef?.resource === 'leases').length;
    await eventually(
      async () => {
        const [first, renewed] = [await writes(), await renewals()];
        await eventually(async () => (await renewals()) > renewed + 4, { timeoutMs: 60_000 });
        return (await writes()) === first;
      },
      { timeoutMs: 120_000 },
    );
  }

  it('the operator is replaced, and the new one looks at everything', async () => {
    const old = await podNames();
    expect(old).toHaveLength(2);
    await platform.install({ ...values(), createNamespaces: false });
    await eventually(async () => (await podNames()).length === 2 && (await podNames()).every((name) => !old.includes(name)), {
      timeoutMs: 60_000,
    });
    const begin = (await statementsSince()).length;
    await eventually(async () => sweeps((await statementsSince()).slice(begin)) >= 3, { timeoutMs: 120_000 });
    await quiet();
  }, 300_000);

  it('no pod, no Job and nothing else of a tenant was written, made or removed', async () => {
    const writes = (await auditSince()).filter(isWrite);
    expect(writes.length).toBeGreaterThan(10);
    // Helm brings the labels of its own RoleBinding up to the version.
    const ofTenants = writes.filter(({ objectRef }) => objectRef?.namespace === 'studio-tenants' && objectRef.resource !== 'rolebindings');
    expect(ofTenants.map(written)).toEqual([]);
    expect(await tenantObjects()).toBe(before.objects);
  });

  it('the operator wrote its Lease and nothing else', async () => {
    const writes = (await auditSince()).filter((entry) => isWrite(entry) && entry.user.username === ACCOUNT);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.filter(({ objectRef }) => objectRef?.resource !== 'leases').map(written)).toEqual([]);
  });

  it('no statement on the server or on a tenant changed anything', async () => {
    const statements = (await statementsSince()).filter(({ database }) => database !== 'studio_platform_master');
    expect(sweeps(statements)).toBeGreaterThan(3);
    expect(statements.filter(changes)).toEqual([]);
  });

  it('nothing of a tenant in the master database was written', async () => {
    expect(await organizations()).toBe(before.organizations);
  });

  it('the connection that a tenant had open is the one it still has', async () => {
    expect((await session.query('SELECT pg_backend_pid() AS pid')).rows).toEqual([{ pid: before.pid }]);
  });

  it('tenants are Ready and at their schema', async () => {
    for (const name of TENANTS) {
      const { status } = await platform.settled(name);
      expect(status?.schema).toMatchObject({ release: 'studio-1', version: 1 });
    }
  });

  it('nothing that the operator wanted was refused', async () => {
    const refused = (await platform.audit()).filter(
      ({ user, responseStatus }) =>
        user.username.startsWith(`system:serviceaccount:${SYSTEM}:`) && [401, 403].includes(responseStatus?.code ?? 0),
    );
    expect(refused.map(written)).toEqual([]);
  });
});
