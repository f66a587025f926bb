// Runs psql as the user's own program, in this terminal. Separate because files with a password are made and taken away around it.
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CommandFailure } from '../session.ts';
import type { Leftovers } from './leftovers.ts';
import { type Connection, fileContents, psqlArguments, psqlEnvironment } from './plan.ts';

interface Run {
  readonly connection: Connection;
  readonly tenant: string;
  readonly env: NodeJS.ProcessEnv;
  readonly rest: readonly string[];
}

const NO_PSQL =
  'psql is not on the PATH: install the PostgreSQL client (Debian and Ubuntu: postgresql-client; Fedora: postgresql; macOS: brew install libpq)';
const NOT_READ_ONLY =
  'the session would not be read-only: a pooler on the way swallows the option that makes it so. Go past it with --direct, or say --write';

/** psql's exit code. Throws a CommandFailure where there is no psql, or where a read-only session would not be one. */
export async function runPsql({ connection, tenant, env, rest }: Run, leftovers: Leftovers): Promise<number> {
  // Made and marked for removal in one go, so that no signal comes between.
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kubectl-studio-'));
  leftovers.add(() => rmSync(directory, { recursive: true, force: true }));
  const files = { passfile: path.join(directory, 'passfile'), rootcert: path.join(directory, 'ca.crt') };
  const contents = fileContents(connection);
  await writeFile(files.passfile, contents.passfile, { mode: 0o600 });
  if (contents.rootcert !== undefined) await writeFile(files.rootcert, contents.rootcert, { mode: 0o600 });
  const environment = psqlEnvironment(env, connection, files);
  const refused = connection.readOnly ? await connectionRefused(environment, leftovers) : undefined;
  if (refused !== undefined) return refused;
  const session = start(psqlArguments(connection, tenant, rest), environment, 'inherit');
  leftovers.handOver(session);
  return await exitCodeOf(session);
}

/**
 * Asks a connection like the session's own whether it is read-only, because a pooler may take the option and do nothing with it
 * (PgBouncer's ignore_startup_parameters). psql's exit code where there is no connection; throws a CommandFailure where it would write.
 */
async function connectionRefused(environment: NodeJS.ProcessEnv, leftovers: Leftovers): Promise<number | undefined> {
  const probe = start(['-XAtqc', 'SHOW default_transaction_read_only'], environment, ['ignore', 'pipe', 'inherit']);
  leftovers.add(() => void probe.kill());
  let answer = '';
  probe.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const code = await exitCodeOf(probe);
  if (code !== 0) return code;
  if (answer.trim() !== 'on') throw new CommandFailure(NOT_READ_ONLY);
  return undefined;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv, stdio: StdioOptions): ChildProcess {
  return spawn('psql', [...args], { env, stdio });
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  return await new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? new CommandFailure(NO_PSQL) : error));
    child.once('close', (code) => resolve(code ?? 1));
  });
}
