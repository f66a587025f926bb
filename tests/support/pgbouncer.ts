// The real PgBouncer in transaction mode before a server, where the machine has one. Separate because it must not run as root, needs
// files of its own, and a machine without it is told apart from a pooler that does not start.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, chownSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import { eventually } from './eventually.ts';

export interface PgBouncer extends AsyncDisposable {
  readonly port: number;
}

/** Undefined where it is not installed. */
export const pgBouncerProgram = (): string | undefined =>
  [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
    .map((folder) => path.join(folder, 'pgbouncer'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/**
 * Logs every user in by the verifiers that `authUser` (a superuser) may read; two server connections per tenant. `ignores`: start-up
 * parameters that are swallowed rather than refused.
 */
export const startPgBouncer = async (
  program: string,
  {
    port,
    authUser,
    ignores = [],
  }: {
    readonly port: number;
    readonly authUser: { readonly name: string; readonly password: string };
    readonly ignores?: readonly string[];
  },
): Promise<PgBouncer> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pgbouncer-'));
  const listen = await freePort();
  const file = path.join(directory, 'pgbouncer.ini');
  const users = path.join(directory, 'users.txt');
  await writeFile(users, `"${authUser.name}" "${authUser.password}"\n`);
  await writeFile(
    file,
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
auth_user = ${authUser.name}
auth_query = SELECT rolname, rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
server_login_retry = 0.2
ignore_startup_parameters = ${ignores.join(',')}
`,
  );
  const root = process.getuid?.() === 0;
  if (root) for (const target of [directory, file, users]) chownSync(target, NOBODY, NOBODY);
  chmodSync(directory, 0o700);
  const log: Buffer[] = [];
  const running = spawn(program, [file], { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...(root ? { uid: NOBODY, gid: NOBODY } : {}) });
  running.stdout.on('data', (chunk: Buffer) => log.push(chunk));
  running.stderr.on('data', (chunk: Buffer) => log.push(chunk));
  const ended = once(running, 'exit');
  try {
    await eventually(
      async () => {
        if (running.exitCode !== null) throw new Error(`pgbouncer ended: ${Buffer.concat(log).toString('utf8')}`);
        const socket = connect(listen, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
        return true;
      },
      { timeoutMs: 10_000 },
    );
  } catch (error) {
    running.kill('SIGKILL');
    throw new Error(`pgbouncer does not listen: ${Buffer.concat(log).toString('utf8')}`, { cause: error });
  }
  return {
    port: listen,
    [Symbol.asyncDispose]: async () => {
      running.kill('SIGINT');
      running.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** uid of nobody on Debian and elsewhere. */
const NOBODY = 65_534;

export const pgBouncerVersion = (program: string): string =>
  execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
