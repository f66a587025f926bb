// Takes out of a folder of production dependencies what Node never loads there: half of its size. Separate, and plain JavaScript without
// dependencies, because the Dockerfile runs it in a stage that has nothing but Node.
//
//   node prune-node-modules.mjs node_modules
//
// Stays: every package.json (they say which packages there are) and every licence.

import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Node refuses TypeScript below node_modules, so none of it can run; .bare is for another runtime. */
const NEVER_LOADED = /\.(?:[cm]?ts|map|md|markdown|flow|tsbuildinfo|bare|c|cc|cpp|h|gypi?|html|png|ya?ml|zip)$/;
const LICENCE = /^(?:licen[cs]e|copying|notice|authors)/i;
/** At the top of a package: what its authors need. */
const AUTHORS_FOLDERS = new Set([
  '.github',
  'bench',
  'benchmark',
  'benchmarks',
  'coverage',
  'docs',
  'example',
  'examples',
  'test',
  'tests',
]);
/** Notes of npm, and commands that nothing here calls. */
const NPM_FILES = new Set(['.package-lock.json', '.bin']);
const PLATFORM = `${process.platform}-${process.arch}`;

const visit = (directory) => {
  const top = isPackage(directory);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (isSuperfluous(entry, directory, top)) rmSync(file, { recursive: true });
    else if (entry.isDirectory()) visit(file);
  }
  if (readdirSync(directory).length === 0) rmdirSync(directory);
};

/** node_modules/name or node_modules/@scope/name. */
const isPackage = (directory) => /[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^@\\/][^\\/]*$/.test(directory);

const isSuperfluous = (entry, directory, top) => {
  const { name } = entry;
  if (path.basename(directory) === 'node_modules') return NPM_FILES.has(name);
  if (path.basename(directory) === 'prebuilds') return name !== PLATFORM;
  if (entry.isDirectory()) return top && AUTHORS_FOLDERS.has(name);
  return NEVER_LOADED.test(name) && !LICENCE.test(name);
};

const [root] = process.argv.slice(2);
if (root === undefined || path.basename(root) !== 'node_modules') throw new Error('usage: node prune-node-modules.mjs node_modules');
visit(path.resolve(root));
