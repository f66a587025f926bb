// Pages with a table of settings in its place: docs/configuration.md has the operator's, docs/application.md the application's. Separate
// from the help texts, which are for a terminal.
import { readFileSync } from 'node:fs';
import { APPLICATION_SETTINGS } from '../src/app/settings.ts';
import { OPERATOR_SETTINGS } from '../src/config/operator-settings.ts';
import type { Setting, Settings } from '../src/config/read.ts';
import type { GeneratedFile } from './generated-files.ts';

const BEGIN = '<!-- settings: written by `npm run generate` -->\n';
const END = '<!-- /settings -->';

/** All but the tables is as it stands. */
export function settingsPages(): readonly GeneratedFile[] {
  return [withTable('docs/configuration.md', OPERATOR_SETTINGS), withTable('docs/application.md', APPLICATION_SETTINGS)];
}

function withTable(path: string, settings: Settings): GeneratedFile {
  const page = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the settings table`);
  return { path, text: page.slice(0, begin + BEGIN.length) + settingsTable(settings) + page.slice(end) };
}

function settingsTable(settings: Settings): string {
  const rows = Object.values(settings).map((one: Setting<unknown>) => `| \`${one.variable}\` | ${defaultOf(one)} | ${one.about} |`);
  return ['| variable | default | |', '|---|---|---|', ...rows, ''].join('\n');
}

function defaultOf({ required, fallback }: Setting<unknown>): string {
  if (required) return 'required';
  return fallback === undefined || fallback === '' ? '' : `\`${fallback}\``;
}
