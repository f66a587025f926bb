// `npm run build`: makes dist/, the package that applications install to find their tenants. `npm run pack` makes the tarball of it too.

import path from 'node:path';
import { buildPackage, packPackage } from './package/build-package.ts';
import { say, withProgress } from './progress.ts';
import { REPOSITORY } from './run.ts';

const DIRECTORY = path.join(REPOSITORY, 'dist');

await withProgress('Building the package into dist/', async () => await buildPackage(DIRECTORY));
if (process.argv.includes('--pack')) say(path.relative(REPOSITORY, await packPackage(DIRECTORY)));
