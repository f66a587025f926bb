// Writes crds/*.yaml from the schemas in src/api; with --check, fails when what is checked in differs.
// Separate from src/ because it touches files, and because YAML is for people and clusters, not for the operator.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crd.ts';

const DIRECTORY = new URL('../crds/', import.meta.url);
const HEADER = '# Generated from src/api by `npm run generate`. Do not edit.\n';

export interface CrdFile {
  /** The name of the file in crds/. */
  readonly name: string;
  readonly text: string;
}

/** What crds/ should hold. */
export function crdFiles(): readonly CrdFile[] {
  return customResourceDefinitions().map((definition) => ({
    name: `${definition.metadata.name.split('.')[0]}.yaml`,
    text: HEADER + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}

/** The names of the files that are missing or differ. */
export function driftedCrdFiles(): readonly string[] {
  return crdFiles()
    .filter(({ name, text }) => textOf(name) !== text)
    .map(({ name }) => name);
}

export function writeCrdFiles(): void {
  mkdirSync(DIRECTORY, { recursive: true });
  for (const { name, text } of crdFiles()) writeFileSync(new URL(name, DIRECTORY), text);
}

function textOf(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, DIRECTORY), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function main(args: readonly string[]): void {
  if (!args.includes('--check')) {
    writeCrdFiles();
    return;
  }
  const drifted = driftedCrdFiles();
  if (drifted.length === 0) return;
  process.stderr.write(`crds/ differs from src/api: ${drifted.join(', ')}. Run: npm run generate\n`);
  process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));
