// The table of values in the chart's README, from values.yaml. Separate from the page, whose other words are written by hand.
import { readFileSync } from 'node:fs';
import type { GeneratedFile } from '../generated-files.ts';
import { chartValues, type Value } from './values-file.ts';

const PATH = 'helm/studio-operator/README.md';
const BEGIN = '<!-- values: written by `npm run generate` -->\n';
const END = '<!-- /values -->';

/** All but the table is as it stands. */
export function chartReadme(): GeneratedFile {
  const page = readFileSync(new URL(`../../${PATH}`, import.meta.url), 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PATH} has no place for the table of values`);
  return { path: PATH, text: page.slice(0, begin + BEGIN.length) + valuesTable(chartValues()) + page.slice(end) };
}

function valuesTable(values: readonly Value[]): string {
  return ['| value | default | |', '|---|---|---|', ...values.map(rowOf), ''].join('\n');
}

function rowOf({ path, fallback, about, isGroup }: Value): string {
  const shown = isGroup || fallback === '' || fallback === null ? '' : `\`${JSON.stringify(fallback)}\``;
  return `| \`${path}\` | ${shown} | ${about.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
}
