// Runs npm, bounded in time. Separate because building the package, installing it for a test and fetching another Node all do, and npm
// may be off the PATH.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const TIMEOUT_MS = 240_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The npm that started us, else the one on the PATH. Resolves with its standard output; throws with what it said on the other one. */
export const npm = async (args: readonly string[], cwd: string): Promise<string> => {
  const [command, ...first] = npmCommand();
  const { stdout } = await execute(command, [...first, ...args], {
    cwd,
    env: environment(),
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout;
};

const npmCommand = (): readonly [string, ...string[]] => {
  const started = process.env['npm_execpath'];
  if (started?.endsWith('.js') === true) return [process.execPath, started];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
};

/** Without the settings that an npm around us hands down: they name its own project. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?:config_(?:local_)?prefix|package_|lifecycle_)/i.test(name)));
