// The process as the commands see it. Separate because both programs, the plugin and its completion, begin with it.
import { readFile } from 'node:fs/promises';
import { styleFor } from '../terminal/style.ts';
import type { Surroundings } from './main.ts';

/** `entry`: URL of the program, in src/ of a checkout or plugin/ of the package; package.json lies beside that directory in both. */
export async function surroundingsOf(entry: string, env: NodeJS.ProcessEnv): Promise<Surroundings> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', entry), 'utf8')) as { readonly version: string };
  // A reader that has seen enough, such as `head`, closes the pipe: whoever goes on writing would do so for nobody.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    version,
    env,
    now: () => Date.now(),
    terminal: {
      style: styleFor(process.stdout, env),
      width: process.stdout.isTTY ? Math.max(process.stdout.columns, 40) : Infinity,
      out: (text) => void process.stdout.write(text),
      note: (text) => void process.stderr.write(text),
    },
  };
}
