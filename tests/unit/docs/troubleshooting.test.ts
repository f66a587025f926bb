/** docs/troubleshooting.md speaks of every reason that needs somebody, and of none that the runbook does not have. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (page: string): string => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
const page = read('troubleshooting.md');
const runbook = read('runbook.md');

const reasonsIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([A-Z][a-z]+[A-Z]\w+|Unreachable|Superuser)`/g)].map(([, reason = '']) => reason);

/** Backquoted words in the first column of the tables under the runbook's headings. */
const tableOf = (heading: string): readonly string[] => {
  const section = runbook.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => reasonsIn(row.split('|')[1] ?? ''));
};

it('has every reason that needs a person, of tenants, servers and releases', () => {
  const needed = [
    ...tableOf('StudioTenant: needs a person'),
    ...tableOf('PostgresServer'),
    'RolloutHalted',
    'TenantsFailed',
    'DuplicateVersion',
  ];
  const spoken = new Set([...reasonsIn(page), 'InSync']);

  expect(needed.length).toBeGreaterThan(35);
  expect(needed.filter((reason) => !spoken.has(reason))).toEqual([]);
});

it('names no reason that the runbook does not explain', () => {
  const kinds = new Set(['StudioTenant', 'PostgresServer', 'SchemaRelease', 'TenantPlan', 'CreateContainerConfigError']);
  const explained = new Set(reasonsIn(runbook));

  expect(reasonsIn(page).filter((reason) => !explained.has(reason) && !kinds.has(reason))).toEqual([]);
});
