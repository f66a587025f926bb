/** The application as a process: help, wrong settings, credentials from files, and how it ends. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { spawn } from 'node:child_process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../dev/free-port.ts';
import { type GuardedProcess, startGuarded } from '../../../dev/guarded-process.ts';
import type { SqlPlatform, SqlTenant } from '../../../dev/sql-tenants.ts';
import { applicationEnvironment, ask, startStudios } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../../src/app.ts');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runToItsEnd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

describe('app', () => {
  it('explains itself', async () => {
    const { code, stdout } = await runToItsEnd(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: app [flags]');
    expect(stdout).toContain('--credentials-directory, CREDENTIALS_DIRECTORY');
  });

  it('says in sentences what is wrong with its settings, and ends with 2', async () => {
    const { code, stdout, stderr } = await runToItsEnd(['--stop-delay', 'soon'], { MASTER_DATABASE_URL: 'nonsense-with-s3cret' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      'The configuration is not usable:',
      '  - MASTER_DATABASE_URL cannot be what is given: expected a URL such as postgresql://user:password@host:5432/studio_platform_master',
      '  - STOP_DELAY (--stop-delay) cannot be "soon": expected a duration such as 500ms, 10s, 5m or 1h, at least 1ms',
      '',
    ]);
  });

  it('ends with 1 when it cannot listen', async () => {
    const { code, stdout } = await runToItsEnd([], {
      MASTER_DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/d',
      CREDENTIALS_DIRECTORY: os.tmpdir(),
      LISTEN_HOST: '192.0.2.1',
      LOG_FORMAT: 'json',
    });
    expect(code).toBe(1);
    expect(stdout).toContain('"msg":"application ended"');
  });
});

let platform: SqlPlatform;
let alpha: SqlTenant;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-app-'));
  platform = await startStudios();
  alpha = await platform.addTenant('alpha');
  const secret = path.join(directory, 'alpha-database');
  await mkdir(secret);
  const files = { username: alpha.username, password: alpha.password, database: alpha.databaseName, sslmode: 'disable', generation: '1' };
  await Promise.all(Object.entries(files).map(async ([name, value]) => await writeFile(path.join(secret, name), value)));
});

afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface RunningProcess extends AsyncDisposable {
  readonly port: number;
  readonly process: GuardedProcess;
  readonly output: Promise<string>;
}

async function startProcess(settings: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
  const port = await freePort();
  const running = startGuarded({
    command: process.execPath,
    args: [PROGRAM, '--listen-port', String(port)],
    env: { PATH: process.env['PATH'], ...applicationEnvironment(platform), CREDENTIALS_DIRECTORY: directory, ...settings },
    signal: 'TERM',
  });
  const output = text(running.stdout);
  await eventually(async () => (await ask(port, '', { path: '/readyz' })).status === 200, { timeoutMs: 60_000 });
  return { port, process: running, output, [Symbol.asyncDispose]: async () => await running.stop() };
}

/** Keeps every request for sessions waiting until it is disposed of. */
async function holdSessions(): Promise<AsyncDisposable> {
  const url = withDatabase(platform.server.superuserUrl, alpha.databaseName);
  const held = queryAs(url, "BEGIN; LOCK TABLE sessions; SET application_name = 'holder'; SELECT pg_sleep(60)").catch(() => undefined);
  const isHeld = async (): Promise<boolean> =>
    (await platform.superuser("SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'")).length === 1;
  await eventually(isHeld);
  return {
    [Symbol.asyncDispose]: async () => {
      await platform.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'");
      await held;
    },
  };
}

async function statementsWait(): Promise<boolean> {
  return (await platform.superuser("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length === 1;
}

describe('a running application', () => {
  it('serves a tenant with credentials from files', async () => {
    await using application = await startProcess();
    expect(await ask(application.port, 'alpha', { path: '/sessions' })).toMatchObject({ status: 200, json: { sessions: [], next: null } });
  });

  it('told to stop, says that it is not ready, still takes requests, finishes the one that runs, and ends with 0', async () => {
    await using application = await startProcess({ STOP_DELAY: '2s' });
    const holder = await holdSessions();
    // As a proxy would: on connections that it means to keep.
    const agent = new Agent({ keepAlive: true });
    const slow = ask(application.port, 'alpha', { path: '/sessions', agent });
    await eventually(statementsWait);

    await application.process.signal('SIGTERM');
    await eventually(async () => (await ask(application.port, '', { path: '/readyz' })).status === 503);
    expect(await ask(application.port, 'alpha', { path: '/clients', agent })).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    });
    // Takes no more: whoever comes now is refused by the kernel, and the slow one is still waiting.
    await eventually(
      async () =>
        await ask(application.port, '', { path: '/healthz' }).then(
          () => false,
          () => true,
        ),
    );
    expect(application.process.hasEnded()).toBe(false);

    await holder[Symbol.asyncDispose]();
    expect(await slow).toMatchObject({ status: 200, json: { sessions: [] } });
    expect(await application.process.ended).toBe(0);
    expect(await application.output).toContain('"msg":"stopped"');
  });

  it('cuts off what takes too long, says so, and ends with 1', async () => {
    await using application = await startProcess({ GRACEFUL_STOP: '100ms' });
    await using _holder = await holdSessions();
    const slow = ask(application.port, 'alpha', { path: '/sessions' }).then(
      () => 'answered',
      () => 'cut off',
    );
    await eventually(statementsWait);

    await application.process.signal('SIGTERM');

    expect(await slow).toBe('cut off');
    expect(await application.process.ended).toBe(1);
    expect(await application.output).toContain('requests were cut off');
  });

  it('starts without its master database, and is not ready until it is there', async () => {
    await platform.superuser('ALTER DATABASE studio_platform_master ALLOW_CONNECTIONS false');
    const port = await freePort();
    const running = startGuarded({
      command: process.execPath,
      args: [PROGRAM, '--listen-port', String(port)],
      env: { PATH: process.env['PATH'], ...applicationEnvironment(platform), CREDENTIALS_DIRECTORY: directory },
      signal: 'TERM',
    });
    running.stdout.resume();
    try {
      await eventually(async () => (await ask(port, '', { path: '/healthz' })).status === 200);
      expect(await ask(port, '', { path: '/readyz' })).toMatchObject({ status: 503, text: 'the master database has not answered yet\n' });
      expect((await ask(port, 'alpha', { path: '/sessions' })).status).toBe(503);
      await platform.superuser('ALTER DATABASE studio_platform_master ALLOW_CONNECTIONS true');
      await eventually(async () => (await ask(port, '', { path: '/readyz' })).status === 200, { timeoutMs: 60_000 });
      await eventually(async () => (await ask(port, 'alpha', { path: '/sessions' })).status === 200);
    } finally {
      await platform.superuser('ALTER DATABASE studio_platform_master ALLOW_CONNECTIONS true');
      await running.stop();
    }
    expect(await running.ended).toBe(0);
  });
});
