// `npm run image [-- TAG]`: builds the operator's image and says what is in it. Standard output ends with the archive's path, for
// `docker load -i` or `ctr images import`.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { REPOSITORY } from '../run.ts';
import { explainSetupError } from '../setup-error.ts';
import { buildImage } from './build-image.ts';
import { summaryOf } from './summary.ts';

/** Sources that are not committed are of no revision. */
const revision = async (): Promise<string | undefined> => {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: REPOSITORY })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--', 'src', 'bin', 'migrations', 'package-lock.json', 'Dockerfile');
    return changed === '' ? await git('rev-parse', 'HEAD') : undefined;
  } catch {
    // An archive of the sources has no history, and a machine may lack git.
    return undefined;
  }
};

const [tag = 'dev'] = process.argv.slice(2);
try {
  const commit = await revision();
  const image = await buildImage({ tag, ...(commit !== undefined && { revision: commit }) });
  process.stdout.write(`${(await summaryOf(image)).join('\n')}\n`);
} catch (error) {
  explainSetupError(error);
}
