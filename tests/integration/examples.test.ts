/**
 * The examples of the documentation, each copied into a project that has the package from its tarball, started as its head says, and
 * asked over HTTP: the same questions for all of them, in whatever language they are.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';

import { node22 } from '../../dev/package/node-22.ts';
import { startSqlPlatform, type SqlPlatform, type SqlTenant } from '../../dev/sql-tenants.ts';
import { type ApplicationProject, copyExample, installedApplication } from '../support/application-project.ts';
import { eventually } from '../support/eventually.ts';
import { startRefusingServer } from '../support/refusing-server.ts';
import { kubernetesSecretsOf, mountedSecrets, type TenantSecrets } from '../support/tenant-secrets.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { startWebProgram, type WebProgram } from '../support/web-program.ts';

const BASE_DOMAIN = 'platform.example';
/** A change is to be followed within a second; the rest is for a busy machine. */
const FOLLOWED_WITHIN_MS = 5000;

let platform: SqlPlatform;
let project: ApplicationProject;

beforeAll(async () => {
  platform = await startSqlPlatform();
  project = await installedApplication(['express', '@types/express', '@types/node', '@kubernetes/client-node']);
});

afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

interface Example {
  readonly file: string;
  readonly label: string;
  /** Undefined: nothing here can run it. */
  readonly program: () => Promise<string | undefined>;
  readonly secrets: (platform: SqlPlatform) => Promise<TenantSecrets>;
  /** How it ends when it is asked to. */
  readonly exitCode: number;
}

const withNode24 = async () => await Promise.resolve(process.execPath);

const EXAMPLES: readonly Example[] = [
  { file: 'express.js', label: 'express-js', program: withNode24, secrets: mountedSecrets, exitCode: 0 },
  { file: 'express.ts', label: 'express-ts', program: withNode24, secrets: kubernetesSecretsOf, exitCode: 0 },
  { file: 'node-http.js', label: 'node-http', program: node22, secrets: mountedSecrets, exitCode: 0 },
  { file: 'flask_tenants.py', label: 'flask', program: pythonWithFlask, secrets: mountedSecrets, exitCode: 128 + 15 },
];

const NO_PYTHON = 'there is no Python 3.10 with flask and psycopg2 here (python3, /usr/bin/python3)';

async function pythonWithFlask(): Promise<string | undefined> {
  const needs = 'import flask, psycopg2, sys; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', needs], { stdio: 'ignore' }).status === 0);
  return await Promise.resolve(found);
}

describe.each(EXAMPLES)('$file', ({ file, label, program, secrets: secretsOf, exitCode }) => {
  let secrets: TenantSecrets | undefined;
  let wayToMaster: TcpProxy | undefined;
  let running: WebProgram | undefined;
  let yoga: SqlTenant;
  let dance: SqlTenant;

  beforeAll(async () => {
    const command = await program();
    if (command === undefined) return;
    [yoga, dance] = (await platform.addTenants([`yoga-${label}`, `dance-${label}`])) as [SqlTenant, SqlTenant];
    secrets = await secretsOf(platform);
    for (const tenant of [yoga, dance]) {
      await secrets.put(tenant);
      await inTenant(tenant, `INSERT INTO sessions (title) VALUES ('First of ${tenant.subdomain}')`);
    }
    wayToMaster = await startTcpProxy(platform.server);
    await copyExample(project, file);
    running = await startWebProgram({
      command,
      args: [file],
      directory: project.directory,
      env: { MASTER_DATABASE_URL: through(wayToMaster, platform.applicationUrl), BASE_DOMAIN, ...secrets.env },
    });
  });

  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await wayToMaster?.[Symbol.asyncDispose]();
    await secrets?.[Symbol.asyncDispose]();
  });

  beforeEach((context: TestContext) => {
    if (running === undefined) context.skip(NO_PYTHON);
  });

  const hostOf = ({ subdomain }: SqlTenant): string => `${subdomain}.${BASE_DOMAIN}`;
  const ask = async (host: string, body?: unknown) => await running!.ask(host, '/sessions', body);
  const statusOf = async (host: string): Promise<number> => (await ask(host)).status;
  const titlesOf = async (tenant: SqlTenant): Promise<readonly string[]> => {
    const { status, body } = await ask(hostOf(tenant));
    expect({ status, body }).toMatchObject({ status: 200 });
    return (JSON.parse(body) as { readonly sessions: readonly { readonly title: string }[] }).sessions.map(({ title }) => title);
  };

  it('shows each tenant its own rows', async () => {
    expect(await titlesOf(yoga)).toEqual([`First of ${yoga.subdomain}`]);
    expect(await titlesOf(dance)).toEqual([`First of ${dance.subdomain}`]);
  });

  it('writes into the database of the tenant that was asked', async () => {
    const { status } = await ask(hostOf(dance), { title: 'Tango' });

    expect(status).toBe(201);
    expect(await titlesOf(dance)).toContain('Tango');
    expect(await titlesOf(yoga)).not.toContain('Tango');
  });

  it('says what is wrong with a request', async () => {
    const { status, body } = await ask(hostOf(dance), { title: '' });

    expect({ status, body }).toEqual({ status: 422, body: expect.stringContaining('title') });
  });

  it.each([
    ['suspended', 403],
    ['provisioning', 503],
    ['failed', 503],
    ['retained', 410],
  ] as const)('answers for a tenant that is %s with %i', async (status, expected) => {
    const tenant = await platform.addTenant(`${status}-${label}`, { status, database: false });

    const answer = await ask(hostOf(tenant));

    expect(answer.status).toBe(expected);
    expect(answer.headers['cache-control']).toContain('no-store');
    expect(answer.headers['retry-after'] === undefined).toBe(expected !== 503);
    expect(answer.body).not.toContain('database');
  });

  it("answers 404 for a host that is nobody's, and 400 for what is no host", async () => {
    expect(await statusOf(`nobody-${label}.${BASE_DOMAIN}`)).toBe(404);
    expect(await statusOf(`a.${hostOf(yoga)}`)).toBe(404);
    expect(await statusOf('no host')).toBe(400);
  });

  it('finds a tenant by its custom domain, whatever the case, port and dot', async () => {
    await platform.setDomains(yoga, [`${label}.yoga.example`]);

    for (const host of [`${label}.yoga.example`, `${label.toUpperCase()}.Yoga.example.:8080`, hostOf(yoga).toUpperCase()]) {
      expect(await statusOf(host)).toBe(200);
    }
  });

  it('follows a suspension, and its end', async () => {
    await platform.setStatus(dance, 'suspended');
    await eventually(async () => (await statusOf(hostOf(dance))) === 403, { timeoutMs: FOLLOWED_WITHIN_MS });
    await platform.setStatus(dance, 'active');
    await eventually(async () => (await statusOf(hostOf(dance))) === 200, { timeoutMs: FOLLOWED_WITHIN_MS });
    expect(await titlesOf(dance)).toContain('Tango');
  });

  it('follows a new subdomain: the old one is gone, and then whoever takes it', async () => {
    const renamed = { ...dance, subdomain: `ballet-${label}` };
    expect(await statusOf(hostOf(renamed))).toBe(404);

    await platform.rename(dance, renamed.subdomain);

    await eventually(async () => (await statusOf(hostOf(renamed))) === 200, { timeoutMs: FOLLOWED_WITHIN_MS });
    await eventually(async () => (await statusOf(hostOf(dance))) === 410, { timeoutMs: FOLLOWED_WITHIN_MS });
    const successor = await platform.addTenant(dance.subdomain, { status: 'suspended', database: false });
    await eventually(async () => (await statusOf(hostOf(successor))) === 403, { timeoutMs: FOLLOWED_WITHIN_MS });
    expect(await titlesOf(renamed)).toContain('Tango');
  });

  it('is not put off by notifications that it cannot read', async () => {
    const domain = `${label}.later.example`;
    for (const payload of ['', 'no JSON', '[]', '{"organization":"all"}', '{}']) {
      await platform.master('SELECT pg_notify($1, $2)', ['studio_tenants', payload]);
    }
    expect(await statusOf(domain)).toBe(404);

    await platform.setDomains(yoga, [domain]);

    await eventually(async () => (await statusOf(domain)) === 200, { timeoutMs: FOLLOWED_WITHIN_MS });
  });

  it('lets no request fail while a new password is on its way', async () => {
    await platform.rotate(yoga);
    await endSessions(yoga);
    const answers = Array.from({ length: 8 }, async () => await statusOf(hostOf(yoga)));
    // By now some have been refused: the program has the old password only.
    await eventually(async () => (await refusalsOf(yoga)) > 0);
    await secrets!.put(yoga);

    expect(await Promise.all(answers)).toEqual(answers.map(() => 200));
    expect(await titlesOf(yoga)).toEqual([`First of ${yoga.subdomain}`]);
  });

  it('tries again one after the other when it has been refused, however many wait', async () => {
    await using refusing = await startRefusingServer();
    const tenant = await platform.addTenant(`refused-${label}`, { database: false });
    await secrets!.put(tenant);
    await move(tenant, refusing);

    const answers = await Promise.all(Array.from({ length: 4 }, async () => await statusOf(hostOf(tenant))));

    expect(answers).toEqual(answers.map(() => 503));
    expect(refusing.laterAttempts()).toBeGreaterThan(1);
    expect(refusing.atOnce()).toBe(1);
  });

  it('follows a tenant to another address, although its connections are in use all the time', async () => {
    await using formerAddress = await startTcpProxy(platform.server);
    const tenant = await platform.addTenant(`mover-${label}`);
    await secrets!.put(tenant);
    await move(tenant, formerAddress);
    expect(await titlesOf(tenant)).toEqual([]);

    await move(tenant, platform.server, 'Moved');

    // Heard of when the new name is shown; the former address works until then.
    await eventually(async () => (await ask(hostOf(tenant))).body.includes('Moved'), { timeoutMs: FOLLOWED_WITHIN_MS });
    formerAddress.freeze();
    const statuses = Promise.all([statusOf(hostOf(tenant)), statusOf(hostOf(tenant))]);
    expect(await statuses).toEqual([200, 200]);
  });

  it('goes on serving those it knows without the master database, and says of others that it cannot tell', async () => {
    await wayToMaster![Symbol.asyncDispose]();
    wayToMaster = undefined;

    const stranger = await ask(`stranger-${label}.${BASE_DOMAIN}`);

    expect({ status: stranger.status, isToComeBack: 'retry-after' in stranger.headers }).toEqual({ status: 503, isToComeBack: true });
    expect(await titlesOf(yoga)).toEqual([`First of ${yoga.subdomain}`]);
  });

  it('ends when it is asked to', async () => {
    expect(await running!.stop()).toBe(exitCode);
    expect(await running!.said()).not.toContain('password');
  });
});

describe('express.ts', () => {
  it.each(['nodenext', 'bundler'] as const)('satisfies the compiler, with types found as by %s', async (resolution) => {
    await copyExample(project, 'express.ts');

    // The Kubernetes client's own types do not satisfy it.
    expect(await project.typeCheck(['express.ts'], resolution, { skipLibCheck: true })).toBe('');
  });
});

const through = ({ host, port }: TcpProxy, address: string): string => {
  const url = new URL(address);
  url.host = `${host}:${port}`;
  return url.href;
};

/** The tenant's row names another address. */
const move = async (
  { organizationId }: SqlTenant,
  { host, port }: { readonly host: string; readonly port: number },
  displayName?: string,
): Promise<void> => {
  await platform.master(
    'UPDATE organizations SET database_host = $2, database_port = $3, display_name = coalesce($4, display_name) WHERE id = $1',
    [organizationId, host, port, displayName],
  );
};

const inTenant = async ({ databaseName }: SqlTenant, text: string): Promise<void> => {
  await platform.superuser(text, [], databaseName);
};

/** Resolves when they have ended. */
const endSessions = async ({ databaseName }: SqlTenant): Promise<void> => {
  await platform.superuser('SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1', [databaseName]);
};

/** How often the server has refused the tenant's password, by its log. */
const refusalsOf = async ({ username }: SqlTenant): Promise<number> => {
  const log = await readFile(platform.server.logFile, 'utf8');
  return log.split(`password authentication failed for user "${username}"`).length - 1;
};
