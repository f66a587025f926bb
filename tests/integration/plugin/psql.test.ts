/**
 * `kubectl studio psql` against a real server with a certificate that is verified: what a session may do, the way into a cluster, and
 * where the password is and is not. There is no kubelet here, so a stand-in takes the place of `kubectl port-forward` alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TOOLS } from '../../../dev/kubectl.ts';
import { startPostgres, type PostgresServer } from '../../../dev/postgres.ts';
import { REPOSITORY } from '../../../dev/run.ts';
import { newAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { pgBouncerProgram, startPgBouncer } from '../../support/pgbouncer.ts';
import { installedPlugin, type Person, type Plugin, type Said } from '../../support/plugin.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';
import { serveTls } from '../../support/server-tls.ts';
import { psqlProgram } from '../../support/psql-program.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

const HOST = 'pg-main.databases.svc';
const PASSWORD = String.raw`a:b\c'd-secret`;
const DATABASE = 'studio_7_db';

let directory: string;
let studio: Studio;
let server: PostgresServer;
let plugin: Plugin;
let psqlEnvironment: Readonly<Record<string, string>>;
let admin: Person;
let authority: string;
let stranger: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'plugin-psql-'));
  const ca = await newAuthority();
  authority = ca.certificate;
  stranger = (await newAuthority()).certificate;
  server = await startPostgres();
  await serveTls((sql) => queryAs(server.superuserUrl, sql), await ca.issue(HOST));
  await queryAs(server.superuserUrl, `CREATE ROLE ${DATABASE} LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  await queryAs(server.superuserUrl, `CREATE DATABASE ${DATABASE} OWNER ${DATABASE}`);
  await queryAs(withDatabase(server.superuserUrl, DATABASE), `CREATE TABLE marks (name text); ALTER TABLE marks OWNER TO ${DATABASE}`);
  studio = await Studio.start();
  plugin = await installedPlugin();
  const psql = await psqlProgram();
  psqlEnvironment = {
    ...psql.env,
    PATH: [plugin.directory, path.dirname(process.execPath), psql.directory, process.env['PATH'], TOOLS].join(':'),
  };
  admin = { kubeconfigPath: studio.controlPlane.kubeconfigPath, env: psqlEnvironment };
  await studio.applyTenant('yoga');
});

afterAll(async () => {
  await plugin?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The tenant's Secret, as the operator would write it. */
async function applySecret(values: Readonly<Record<string, string>> = {}): Promise<void> {
  const stringData = {
    host: '127.0.0.1',
    port: String(server.port),
    database: DATABASE,
    username: DATABASE,
    password: PASSWORD,
    sslmode: 'require',
    ...values,
  };
  await studio.cluster.api.raw({ method: 'DELETE', path: `/api/v1/namespaces/${TENANTS}/secrets/yoga-database` }).catch(() => undefined);
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'yoga-database', namespace: TENANTS }, stringData });
}

/** `-X`: whatever the machine's psqlrc says. */
const ask = async (sql: string, ...flags: readonly string[]): Promise<Said> =>
  await plugin.run(admin, 'psql', 'yoga', ...flags, '--', '-XAtc', sql);

describe('a session', () => {
  beforeAll(async () => await applySecret());

  it("is the tenant's own, encrypted, and says who asks", async () => {
    const { code, stdout, stderr } = await ask(
      'SELECT current_user, current_database(), ssl, application_name FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()',
    );

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toBe(`${DATABASE}|${DATABASE}|t|kubectl-studio`);
  });

  it('reads, and writes only when it was asked for', async () => {
    const refused = await ask("INSERT INTO marks VALUES ('refused')");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('cannot execute INSERT in a read-only transaction');

    expect((await ask("INSERT INTO marks VALUES ('written')", '--write')).code).toBe(0);
    expect((await ask('SELECT name FROM marks')).stdout.trim()).toBe('written');
  });

  it('is not led elsewhere by what the surroundings say', async () => {
    const env = {
      ...psqlEnvironment,
      PGHOST: 'elsewhere.invalid',
      PGHOSTADDR: '192.0.2.1',
      PGDATABASE: 'postgres',
      PGUSER: 'postgres',
      PGOPTIONS: '-c default_transaction_read_only=off',
    };
    const { stdout } = await plugin.run(
      { ...admin, env },
      'psql',
      'yoga',
      '--',
      '-XAtc',
      'SELECT current_user, current_setting($$transaction_read_only$$)',
    );

    expect(stdout.trim()).toBe(`${DATABASE}|on`);
  });

  it("ends with psql's own exit code", async () => {
    expect((await ask('SELECT * FROM nowhere')).code).toBe(1);
    expect((await plugin.run(admin, 'psql', 'yoga', '--', '-X', '-v', 'ON_ERROR_STOP=1', '-f', '/dev/null')).code).toBe(0);
  });

  it('is described without being opened, and without the password', async () => {
    const { stdout } = await plugin.run(admin, 'psql', 'yoga', '-o', 'json');

    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Psql',
      name: 'yoga',
      host: '127.0.0.1',
      database: DATABASE,
      sslmode: 'require',
      readOnly: true,
      portForward: null,
    });
    expect(stdout).not.toContain('secret');
  });
});

describe.skipIf(pgBouncerProgram() === undefined)('through a pooler that swallows start-up options', () => {
  it('is refused rather than called read-only, and opened when it may write', async () => {
    await queryAs(server.superuserUrl, `CREATE ROLE pooler SUPERUSER LOGIN PASSWORD 'pooler'`);
    await using bouncer = await startPgBouncer(pgBouncerProgram() ?? '', {
      port: server.port,
      authUser: { name: 'pooler', password: 'pooler' },
      ignores: ['extra_float_digits', 'options'],
    });
    await applySecret({ port: String(bouncer.port), sslmode: 'disable' });

    const { code, stdout, stderr } = await ask("INSERT INTO marks VALUES ('swallowed')");
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('error: the session would not be read-only: a pooler on the way swallows the option');
    expect(await queryAs(withDatabase(server.superuserUrl, DATABASE), "SELECT FROM marks WHERE name = 'swallowed'")).toEqual([]);

    expect((await ask('SELECT 1', '--write')).stdout).toBe('1\n');
  });
});

describe("the server's certificate", () => {
  it('is verified for the name in the Secret, through a port-forward too', async () => {
    await applySecret({ host: HOST, port: '5432', sslmode: 'verify-full', 'ca.crt': authority });
    const calls = await standInForPortForward();

    const { code, stdout, stderr } = await ask('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 't\n', stderr: '' });
    const { args, pid } = await calls();
    expect(args).toEqual(expect.arrayContaining(['port-forward', '-n', 'databases', 'service/pg-main', ':5432']));
    await eventually(() => !isAlive(pid));
  });

  it('is refused when another authority has signed it', async () => {
    await applySecret({ host: HOST, port: '5432', sslmode: 'verify-full', 'ca.crt': stranger });
    await standInForPortForward();

    const { code, stderr } = await ask('SELECT 1');

    expect(code).toBe(2);
    // OpenSSL names the signature (EVP) where both authorities have one name, else the certificate.
    expect(stderr).toMatch(/SSL error: (?:certificate verify failed|EVP lib)/);
  });

  it('is refused when it is for another name', async () => {
    await applySecret({ host: 'pg-other.databases.svc', port: '5432', sslmode: 'verify-full', 'ca.crt': authority });
    await standInForPortForward();

    const { code, stderr } = await ask('SELECT 1');

    expect(code).toBe(2);
    expect(stderr).toContain(`server certificate for "${HOST}" does not match host name "pg-other.databases.svc"`);
  });
});

describe('a way into the cluster that is still being opened', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is closed by %s', async (signal) => {
    await applySecret({ host: HOST, port: '5432' });
    const calls = await standInForPortForward({ opens: false });
    const temporary = path.join(directory, `temporary-${signal}`);
    await mkdir(temporary);
    const env = { ...process.env, ...psqlEnvironment, KUBECONFIG: admin.kubeconfigPath, TMPDIR: temporary };
    const running = spawn(process.execPath, [path.join(REPOSITORY, 'src/kubectl-studio.ts'), 'psql', 'yoga'], { env, stdio: 'ignore' });
    const ended = once(running, 'exit');
    const { pid } = await eventually(async () => await calls());

    running.kill(signal);

    expect(await ended).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
    await eventually(() => !isAlive(pid));
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe('the password', () => {
  it('is in a file of its own, neither in arguments nor in the environment, and gone afterwards', async () => {
    await applySecret();
    const report = path.join(directory, 'report.json');
    await plugin.install(
      'psql',
      `#!${process.execPath}
const { readFileSync, statSync, writeFileSync } = require('node:fs');
const file = process.env.PGPASSFILE;
console.log('on');
writeFileSync(${JSON.stringify(report)}, JSON.stringify({ argv: process.argv, env: process.env, file, mode: statSync(file).mode & 0o777, text: readFileSync(file, 'utf8') }));
`,
    );
    try {
      expect((await plugin.run(admin, 'psql', 'yoga')).code).toBe(0);
    } finally {
      await rm(path.join(plugin.directory, 'psql'));
    }

    const { argv, env, file, mode, text } = JSON.parse(await readFile(report, 'utf8')) as Record<string, unknown>;
    expect(JSON.stringify([argv, env])).not.toContain('secret');
    expect(text).toBe(String.raw`*:*:studio_7_db:studio_7_db:a\:b\\c'd-secret` + '\n');
    expect(mode).toBe(0o600);
    expect(existsSync(path.dirname(String(file)))).toBe(false);
  });
});

describe('what is missing', () => {
  it('is said of psql', async () => {
    const bare = path.join(directory, 'bin');
    await mkdir(bare);
    await symlink(process.execPath, path.join(bare, 'node'));
    await symlink(await realKubectl(), path.join(bare, 'kubectl'));
    await symlink(path.join(REPOSITORY, 'src/kubectl-studio.ts'), path.join(bare, 'kubectl-studio'));
    // kubectl hands its own PATH down, /usr/bin/env included in what is left out: the shebang is the system's.
    const { code, stderr } = await plugin.run({ ...admin, env: { PATH: bare } }, 'psql', 'yoga');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: psql is not on the PATH: install the PostgreSQL client/m);
  });

  it('is said of the Secret, and of a key in it', async () => {
    await applySecret({ username: '' });
    expect((await ask('SELECT 1')).stderr).toContain('error: the Secret "yoga-database" has no username');

    await studio.cluster.api.raw({ method: 'DELETE', path: `/api/v1/namespaces/${TENANTS}/secrets/yoga-database` });
    expect((await ask('SELECT 1')).stderr).toContain(
      'error: there is no Secret "yoga-database" yet: see kubectl studio status yoga -n studio-tenants',
    );
  });

  it('is said of the tenant', async () => {
    const { code, stderr } = await plugin.run(admin, 'psql', 'nobody');

    expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: there is no StudioTenant "nobody" in any namespace\n' });
  });
});

async function realKubectl(): Promise<string> {
  const { stdout } = await plugin.kubectl({ ...admin, env: {} }, 'version', '--client', '-o', 'json');
  if (!stdout.includes('clientVersion')) throw new Error(stdout);
  const found = `${process.env['PATH']}:${TOOLS}`.split(':').map((each) => path.join(each, 'kubectl'));
  const file = found.find((each) => existsSync(each));
  if (file === undefined) throw new Error('there is no kubectl');
  return file;
}

/** From here on `kubectl port-forward` leads to the server of this test, and every other call is kubectl's own. */
async function standInForPortForward({ opens = true } = {}): Promise<
  () => Promise<{ readonly args: readonly string[]; readonly pid: number }>
> {
  const record = path.join(directory, 'port-forward.json');
  await rm(record, { force: true });
  await plugin.install(
    'kubectl',
    `#!${process.execPath}
const args = process.argv.slice(2);
if (!args.includes('port-forward')) {
  process.exit(require('node:child_process').spawnSync(${JSON.stringify(await realKubectl())}, args, { stdio: 'inherit' }).status);
}
require('node:fs').writeFileSync(${JSON.stringify(record)}, JSON.stringify({ args, pid: process.pid }));
const net = require('node:net');
const server = net.createServer((near) => {
  const far = net.connect(${server.port}, '127.0.0.1');
  near.pipe(far).pipe(near);
  for (const end of [near, far]) end.on('error', () => undefined);
});
server.listen(0, '127.0.0.1', () => ${opens} && console.log('Forwarding from 127.0.0.1:' + server.address().port + ' -> 5432'));
`,
  );
  return async () => JSON.parse(await readFile(record, 'utf8')) as { readonly args: readonly string[]; readonly pid: number };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
