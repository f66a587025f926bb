// Runs psql as the user's own program, in this terminal. Separate because files with a password are made and taken away around it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CommandFailure } from '../session.ts';
import { type Connection, fileContents, psqlArguments, psqlEnvironment } from './plan.ts';

interface Run {
  readonly connection: Connection;
  readonly tenant: string;
  readonly env: NodeJS.ProcessEnv;
  readonly rest: readonly string[];
}

const NO_PSQL =
  'psql is not on the PATH: install the PostgreSQL client (Debian and Ubuntu: postgresql-client; Fedora: postgresql; macOS: brew install libpq)';

/** Signals that would end this process and leave files or a port-forward behind: psql gets them too, ends, and we tidy up. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** psql's exit code. Throws a CommandFailure where there is no psql. */
export async function runPsql({ connection, tenant, env, rest }: Run): Promise<number> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'kubectl-studio-'));
  try {
    const files = { passfile: path.join(directory, 'passfile'), rootcert: path.join(directory, 'ca.crt') };
    const contents = fileContents(connection);
    await writeFile(files.passfile, contents.passfile, { mode: 0o600 });
    if (contents.rootcert !== undefined) await writeFile(files.rootcert, contents.rootcert, { mode: 0o600 });
    return await ended(psqlArguments(connection, tenant, rest), psqlEnvironment(env, connection, files));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function ended(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn('psql', [...args], { env, stdio: 'inherit' });
  const passOn = (signal: NodeJS.Signals): void => {
    // The terminal has sent SIGINT to psql itself.
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? new CommandFailure(NO_PSQL) : error));
      child.once('close', (code) => resolve(code ?? 1));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
}
