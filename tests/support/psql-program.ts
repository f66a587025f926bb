/** psql for tests: the one on the PATH, else Debian's in the user's cache. Separate because it is no part of what the project needs. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { unpackedDebianPackages } from '../../dev/debian-packages.ts';

export interface PsqlProgram {
  /** What goes before the PATH; empty where psql is there. */
  readonly directory: string;
  /** Where its libraries are. */
  readonly env: Readonly<Record<string, string>>;
}

export async function psqlProgram(): Promise<PsqlProgram> {
  if (spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0) return { directory: '', env: {} };
  const { env, program } = await unpackedDebianPackages(['postgresql-client']);
  return { directory: path.dirname(program('psql')), env: { LD_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '' } };
}
