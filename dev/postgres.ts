// A PostgreSQL server for development and tests, from the programs in node_modules: on 127.0.0.1, on a port that the kernel chose,
// with its data in a directory that goes with it. It ends when we end, however we end.

import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { startGuarded, type GuardedProcess } from './guarded-process.ts';
import { ADMIN_USER, MASTER_DATABASE, MASTER_USER, prepareAccounts } from './postgres/accounts.ts';
import { postgresPrograms, type PostgresMajor, type PostgresPrograms } from './postgres/programs.ts';
import { until } from './until.ts';

export type { PostgresMajor } from './postgres/programs.ts';

export interface PostgresOptions {
  /** Default 18. */
  readonly major?: PostgresMajor;
  /** Settings as in postgresql.conf, e.g. `{ log_statement: 'all', max_connections: '50' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the data directory is made. Default: the system's directory for temporary files. */
  readonly parentDirectory?: string;
}

/** What others need to reach the server; plain data. */
export interface PostgresConnection {
  readonly major: PostgresMajor;
  readonly host: string;
  readonly port: number;
  /** Superuser `postgres`, database `postgres`. */
  readonly superuserUrl: string;
  /** `studio_admin`: CREATEDB, CREATEROLE, member of pg_signal_backend, no superuser; database `postgres`. */
  readonly adminUrl: string;
  /** `studio_master`, owner of the empty database `studio_platform_master`. */
  readonly masterUrl: string;
  /** The server's log, e.g. for counting statements under `log_statement`. */
  readonly logFile: string;
}

export interface PostgresServer extends PostgresConnection {
  /** Takes the server away and keeps its data; `resume` brings it back on the same port. */
  halt(): Promise<void>;
  /** Like `halt`, but as a power cut would do it. */
  crash(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the server for good and removes its data. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const ATTEMPTS = 5;
const RESTART_PAUSE_MS = 200;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '200',
  password_encryption: 'scram-sha-256',
  // Nobody's data: speed counts, a power cut does not.
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  // Without it a crashed server with thousands of databases opens every file before it starts.
  ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
};

/** Starts a server and prepares its accounts. About two seconds. */
export const startPostgres = async (options: PostgresOptions = {}): Promise<PostgresServer> => {
  const major = options.major ?? 18;
  const directory = await mkdtemp(path.join(options.parentDirectory ?? os.tmpdir(), 'studio-postgres-'));
  try {
    const programs = await postgresPrograms(major, directory);
    const password = newPassword();
    await initialise(programs, directory, { major, password });
    const flags = Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { port, running } = await startOnFreePort({ programs, directory, flags, password });
    const url = (user: string, secret: string, database: string): string => `postgresql://${user}:${secret}@${HOST}:${port}/${database}`;
    const [admin, master] = [ADMIN_USER, MASTER_USER].map((user) => ({ user, password: newPassword() })) as [Account, Account];
    const connection: PostgresConnection = {
      major,
      host: HOST,
      port,
      superuserUrl: url('postgres', password, 'postgres'),
      adminUrl: url(admin.user, admin.password, 'postgres'),
      masterUrl: url(master.user, master.password, MASTER_DATABASE),
      logFile: logFile(directory),
    };
    await prepareAccounts(connection.superuserUrl, admin, master);
    return controls(connection, { programs, directory, flags, password }, running);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
};

interface Account {
  readonly user: string;
  readonly password: string;
}

interface Launch {
  readonly programs: PostgresPrograms;
  readonly directory: string;
  readonly flags: readonly string[];
  readonly password: string;
}

export const newPassword = (): string => randomBytes(24).toString('hex');
const dataDirectory = (directory: string): string => path.join(directory, 'data');
const logFile = (directory: string): string => path.join(directory, 'postgres.log');
const keepFile = (directory: string): string => path.join(directory, '.keep');

const initialise = async (
  programs: PostgresPrograms,
  directory: string,
  { major, password }: { readonly major: PostgresMajor; readonly password: string },
): Promise<void> => {
  const passwordFile = path.join(directory, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await mkdir(dataDirectory(directory), { mode: 0o700 });
  await writeFile(logFile(directory), '');
  if (programs.user !== undefined) {
    const { uid, gid } = programs.user;
    await Promise.all([directory, passwordFile, dataDirectory(directory)].map((file) => chown(file, uid, gid)));
  }
  // The builtin provider knows Unicode and depends on no locale of this machine; 16 does not have it yet.
  const locale = major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'] : ['--locale=C'];
  const initdb = startGuarded({
    command: programs.initdb,
    args: [
      '--pgdata',
      dataDirectory(directory),
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-sync',
      '--no-instructions',
      ...locale,
    ],
    cwd: directory,
    errorLog: logFile(directory),
    ...(programs.user === undefined ? {} : { user: programs.user }),
  });
  initdb.stdout.resume();
  const code = await initdb.ended;
  await rm(passwordFile);
  if (code !== 0) throw new Error(`initdb ended with code ${code}: ${await readFile(logFile(directory), 'utf8')}`);
};

/** Between choosing a port and binding it, another program may take it: then choose again. */
const startOnFreePort = async (launch: Launch): Promise<{ port: number; running: GuardedProcess }> => {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const running = startServer(launch, port);
    if (await answers(launch, running, port)) return { port, running };
    await running.stop();
    if (attempt === ATTEMPTS) throw new Error(`PostgreSQL did not start: ${await readFile(logFile(launch.directory), 'utf8')}`);
  }
};

/** After a crash the old processes may hold the shared memory for a moment, and the server refuses to start beside them. */
const startAgain = async (launch: Launch, port: number): Promise<GuardedProcess> => {
  const deadline = performance.now() + START_TIMEOUT_MS;
  do {
    const running = startServer(launch, port);
    if (await answers(launch, running, port)) return running;
    await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
  } while (performance.now() < deadline);
  throw new Error(`PostgreSQL did not come back: ${await readFile(logFile(launch.directory), 'utf8')}`);
};

const startServer = ({ programs, directory, flags }: Launch, port: number): GuardedProcess => {
  const running = startGuarded({
    command: programs.postgres,
    args: ['-D', dataDirectory(directory), '-p', String(port), ...flags],
    cwd: directory,
    errorLog: logFile(directory),
    removeAfter: directory,
    ...(programs.user === undefined ? {} : { user: programs.user }),
  });
  running.stdout.resume();
  return running;
};

/** Whether a login with our password succeeds before the process ends. Another server on the port would refuse it. */
const answers = async ({ password }: Launch, running: GuardedProcess, port: number): Promise<boolean> =>
  await until(async () => await canLogIn(port, password), { of: running, timeoutMs: START_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );

const canLogIn = async (port: number, password: string): Promise<boolean> => {
  const client = new pg.Client({ host: HOST, port, user: 'postgres', password, database: 'postgres', connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined); // the outcome of connect() is what counts
  await client.connect();
  await client.end();
  return true;
};

const controls = (connection: PostgresConnection, launch: Launch, first: GuardedProcess): PostgresServer => {
  let running = first;
  const keep = keepFile(launch.directory);
  return {
    ...connection,
    halt: async () => {
      await writeFile(keep, '');
      await running.stop();
    },
    crash: async () => {
      await running.kill();
    },
    resume: async () => {
      await rm(keep, { force: true });
      running = await startAgain(launch, connection.port);
    },
    stop: async () => {
      await rm(keep, { force: true });
      await running.stop();
      await rm(launch.directory, { recursive: true, force: true });
    },
  };
};
