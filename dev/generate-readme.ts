// The README with the table of the operator's settings in its place. Separate from the help text, which is for a terminal.
import { readFileSync } from 'node:fs';
import { OPERATOR_SETTINGS } from '../src/config/operator-settings.ts';
import type { Setting } from '../src/config/read.ts';
import type { GeneratedFile } from './generated-files.ts';

const PATH = 'README.md';
const BEGIN = '<!-- settings: written by `npm run generate` -->\n';
const END = '<!-- /settings -->';

/** All but the table is as it stands. */
export function readmeFile(): GeneratedFile {
  return { path: PATH, text: withTable(readFileSync(new URL(`../${PATH}`, import.meta.url), 'utf8')) };
}

function withTable(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the settings table');
  return readme.slice(0, begin + BEGIN.length) + settingsTable() + readme.slice(end);
}

function settingsTable(): string {
  const rows = Object.values(OPERATOR_SETTINGS).map(
    (one: Setting<unknown>) => `| \`${one.variable}\` | ${defaultOf(one)} | ${one.about} |`,
  );
  return ['| variable | default | |', '|---|---|---|', ...rows, ''].join('\n');
}

function defaultOf({ required, fallback }: Setting<unknown>): string {
  if (required) return 'required';
  return fallback === undefined || fallback === '' ? '' : `\`${fallback}\``;
}
