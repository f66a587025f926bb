// A PostgreSQL server with a master database on it, and tenants whose roles and databases are made by the real steps. No Kubernetes:
// the object, its Secret and its plan are values here. `crash` ends the operator before any one of its statements.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import type { StudioTenant, StudioTenantSpec } from '../../../src/api/studio-tenant.ts';
import type { TenantPlan } from '../../../src/api/tenant-plan.ts';
import { createDatabasePool } from '../../../src/clients/postgres/database-pool.ts';
import type { Query } from '../../../src/clients/postgres/sql.ts';
import { connectionSecret, connectionSecretData, type ConnectionSecret } from '../../../src/desired/connection-secret.ts';
import type { TenantDatabaseSpec } from '../../../src/desired/postgres/spec.ts';
import { claimInstallation } from '../../../src/master/installation.ts';
import { migrateMaster } from '../../../src/master/migrate.ts';
import { registerOrganization } from '../../../src/master/organizations.ts';
import { createTenantGroup, inspectServer } from '../../../src/servers/inspection.ts';
import { openSessions } from '../../../src/servers/open-sessions.ts';
import type { ServerSessions } from '../../../src/servers/server-sessions.ts';
import { database } from '../../../src/steps/database.ts';
import { roles } from '../../../src/steps/roles.ts';
import type { Settled } from '../../../src/steps/step.ts';
import { TenantWork, type TenantDependencies } from '../../../src/steps/tenant-work.ts';
import { aTenant } from '../../support/a-tenant.ts';
import { freshServer, queryAs, withDatabase, type FreshServer, type Row } from '../../support/postgres.ts';
import { targetOf } from '../master/fresh-master.ts';

export const PASSWORD = 'first-password';

export class Crash extends Error {}

/** Counts statements; ends the operator before the one it is told to. */
class Fuse {
  statements = 0;
  #left = Number.POSITIVE_INFINITY;

  /** @param statements how many still run */
  burnAfter(statements: number): void {
    this.#left = statements;
  }

  readonly check = (): void => {
    if (this.#left <= 0) throw new Crash('the operator is gone');
    this.#left -= 1;
    this.statements += 1;
  };
}

export interface World extends AsyncDisposable {
  readonly server: FreshServer;
  readonly sessions: ServerSessions;
  readonly fuse: Fuse;
  readonly dependencies: TenantDependencies;
  /** The plan of all tenants; undefined: it has been deleted. */
  plan: TenantPlan | undefined;
  /** As the superuser. */
  sql<R extends Row = Row>(text: string, values?: readonly unknown[], database?: string): Promise<readonly R[]>;
  /** As a role of a tenant; a fresh connection with the server's defaults, as an application makes it. The last one's rows. */
  as(user: string, password: string, database: string, ...statements: readonly string[]): Promise<readonly Row[]>;
  tenant(spec?: Partial<StudioTenantSpec>): Promise<TestTenant>;
}

export async function world(major: 16 | 17 | 18 = 18): Promise<World> {
  const server = await freshServer({ major });
  const fuse = new Fuse();
  const sessions = await sessionsOn(server, fuse);
  const masterTarget = targetOf(server.masterUrl);
  await migrateMaster({ target: masterTarget, log: pino({ level: 'silent' }) });
  const master = createDatabasePool({ target: masterTarget, maxConnections: 2, assertWritable: fuse.check });
  const clusterId = randomUUID();
  await claimInstallation((sql) => master.query(sql), { clusterId });
  const none = { get: () => undefined, list: () => [] };
  const dependencies = {
    master,
    clusterId,
    installationId: INSTALLATION,
    servers: { get: async () => sessions },
    caches: { plans: { get: () => it.plan }, tenants: none, servers: none, secrets: { get: () => ({}) } },
  } as unknown as TenantDependencies;
  const urlOf = (user: string, password: string, name: string): string => {
    const url = new URL(withDatabase(server.superuserUrl, name));
    url.username = user;
    url.password = password;
    return url.href;
  };
  const it: World = {
    server,
    sessions,
    fuse,
    dependencies,
    plan: { spec: { database: { connectionLimit: 20 } } } as TenantPlan,
    sql: (text, values, name = 'postgres') => queryAs(withDatabase(server.superuserUrl, name), text, values),
    as: (user, password, name, ...statements) => queryAll(urlOf(user, password, name), statements),
    tenant: (spec) => registered(it, spec),
    async [Symbol.asyncDispose]() {
      await Promise.all([sessions.end(), master.end()]);
      await server.stop();
    },
  };
  return it;
}

/** One after the other on one connection, each a transaction of its own. */
async function queryAll(url: string, statements: readonly string[]): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: readonly Row[] = [];
    for (const statement of statements) ({ rows } = await client.query<Row>(statement));
    return rows ?? [];
  } finally {
    await client.end();
  }
}

export const INSTALLATION = 'test-installation';

async function sessionsOn(server: FreshServer, fuse: Fuse): Promise<ServerSessions> {
  const { hostname, port, username, password } = new URL(server.adminUrl);
  const sessions = openSessions({
    name: 'main',
    target: {
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: 'postgres',
      tls: { mode: 'disable' },
      applicationName: 'studio-operator/test',
    },
    version: server.major * 10_000 + 9,
    installation: INSTALLATION,
    createConcurrency: 2,
    assertWritable: fuse.check,
    verify: async () => undefined,
    onFailure: () => undefined,
  });
  const query: Query = (sql) => sessions.control.query(sql);
  const facts = await inspectServer(query, INSTALLATION);
  if (facts.group === null) await createTenantGroup(query, INSTALLATION, randomUUID());
  return sessions;
}

let names = 0;

async function registered(it: World, spec: Partial<StudioTenantSpec> = {}): Promise<TestTenant> {
  names += 1;
  const name = `studio-${names}`;
  const object = aTenant({ metadata: { name, uid: randomUUID() }, spec: { ...spec, subdomain: name } });
  const outcome = await registerOrganization((sql) => it.dependencies.master.query(sql), {
    identity: { uid: object.metadata.uid, clusterId: it.dependencies.clusterId, namespace: 'studio-tenants', name },
    claims: { displayName: name, subdomain: name, domains: [] },
    placement: { serverName: 'main', databaseHost: 'localhost', databasePort: 5432 },
  });
  if (outcome.kind !== 'registered') throw new Error(outcome.kind);
  return new TestTenant(it, object, outcome.organization.id);
}

/** One tenant and its object, as the test changes it. */
export class TestTenant {
  readonly n: number;
  readonly name: string;
  readonly owner: string;
  object: StudioTenant;
  password = PASSWORD;
  #secretVersion = 1;
  readonly #world: World;

  constructor(it: World, object: StudioTenant, n: number) {
    this.#world = it;
    this.object = object;
    this.n = n;
    this.name = `studio_${n}_db`;
    this.owner = `${this.name}_owner`;
  }

  change(spec: Partial<StudioTenantSpec>): void {
    const generation = this.object.metadata.generation + 1;
    this.object = { ...this.object, metadata: { ...this.object.metadata, generation }, spec: { ...this.object.spec, ...spec } };
  }

  /** As if somebody had written another password into the Secret. */
  changePassword(password: string): void {
    this.password = password;
    this.#secretVersion += 1;
  }

  work(): TenantWork {
    const signal = new AbortController().signal;
    const secret = this.#secret();
    const dependencies = { ...this.#world.dependencies, kubernetes: { get: async () => secret } } as unknown as TenantDependencies;
    return new TenantWork({ tenant: this.object, dependencies, log: pino({ level: 'silent' }), signal });
  }

  async spec(): Promise<TenantDatabaseSpec> {
    return this.work().database();
  }

  /** One reconcile of the two steps: what they came to, the first that does not let the next one run. */
  async reconcile(): Promise<Settled> {
    const work = this.work();
    const first = await roles.run(work);
    if (first.kind === 'failed' && first.blocks) return first;
    const second = await database.run(work);
    return first.kind === 'inSync' ? second : first;
  }

  /** Until all is as asked, however often the operator ends before; as a new one would go on. */
  async converge(): Promise<void> {
    this.#world.fuse.burnAfter(Number.POSITIVE_INFINITY);
    const settled = await this.reconcile();
    if (settled.kind !== 'inSync') throw new Error(`${settled.reason}: ${settled.message}`);
  }

  login(password = this.password): ReturnType<ServerSessions['login']> {
    return this.#world.sessions.login({ user: this.name, password, database: this.name });
  }

  /** As the application. */
  app(text: string): Promise<readonly Row[]> {
    return this.#world.as(this.name, this.password, this.name, text);
  }

  #secret(): ConnectionSecret {
    const endpoint = { host: 'localhost', port: 5432, sslmode: 'disable' };
    const data = connectionSecretData({ database: this.name, username: this.name, password: this.password, generation: 1 }, endpoint);
    const secret = connectionSecret(this.object, data) as unknown as ConnectionSecret;
    return { ...secret, metadata: { ...secret.metadata, uid: 'secret', resourceVersion: String(this.#secretVersion) } };
  }
}
