/** The runbook: every reason in the code is explained there, and nothing is explained that the code never says. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** How the code says a reason: as a property, or as the first argument of one of the functions that make such things. */
const SAID =
  /(?:\breason(?::| =)|\b(?:nowhere|retain|waiting|aside|blocked|refused|ServerNotReady)\()\s*'([A-Z]\w+)'|\bnote\(\s*'(?:Normal|Warning)',\s*'([A-Z]\w+)'|\? '([A-Z]\w+)' : '([A-Z]\w+)', message/g;

/** Reasons that stay among machines: of the API server's refusals, of Kubernetes' own Events, of an error in the log. */
const ELSEWHERE = new Set(['FieldValueForbidden', 'FieldValueRequired', 'FailedCreate', 'BackOff', 'MayNotCreate']);

const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read);

function saidReasons(): readonly string[] {
  const found = sources.flatMap((text) =>
    [...text.matchAll(SAID)].flatMap((match) => match.slice(1).filter((reason) => reason !== undefined)),
  );
  return [...new Set(found)].filter((reason) => !ELSEWHERE.has(reason)).toSorted();
}

/** Backquoted words in the first column of its tables. */
function explainedReasons(): readonly string[] {
  const rows = read('docs/runbook.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const firstColumns = rows.map((row) => row.split('|')[1] ?? '');
  return [...new Set(firstColumns.flatMap((column) => [...column.matchAll(/`([A-Z]\w+)`/g)].map(([, reason]) => reason ?? '')))];
}

it('explains every reason that the code says', () => {
  const explained = new Set([...explainedReasons(), 'Valid']);

  expect(saidReasons().length).toBeGreaterThan(60);
  expect(saidReasons().filter((reason) => !explained.has(reason))).toEqual([]);
});

it('explains no reason that the code never says', () => {
  const all = sources.join('\n');

  expect(explainedReasons().filter((reason) => !all.includes(`'${reason}'`))).toEqual([]);
});
