/** What applications in other languages rely on is in the page as it is in the code: no key and no state without a word about it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { connectionSecretData, SECRET_TYPE } from '../../../src/desired/connection-secret.ts';
import { OrganizationStatus } from '../../../src/master/organization.ts';

const page = readFileSync(new URL('../../../docs/routing-contract.md', import.meta.url), 'utf8');

/** Backquoted words in the first column of the tables under a heading. */
function explainedUnder(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const firstColumns = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|')[1] ?? '');
  return firstColumns.flatMap((column) => [...column.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
}

it('explains every key of the connection Secret, and no other', () => {
  const keys = connectionSecretData(
    { database: 'studio_1_db', username: 'studio_1_db', password: 'secret', generation: 1 },
    { host: 'db.example', port: 5432, sslmode: 'verify-full', ca: 'PEM' },
  );

  expect(explainedUnder("The tenant's credentials").toSorted()).toEqual(Object.keys(keys).toSorted());
  expect(page).toContain(`\`${SECRET_TYPE}\``);
});

it('says what to answer for every state that an application can see', () => {
  const seen = Object.values(OrganizationStatus).filter((status) => status !== 'deleted' && status !== 'abandoned');

  expect(explainedUnder('What to answer')).toEqual(expect.arrayContaining(seen));
});

it('has nothing repeated after a crash, and only one data statement after the server ended a session', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `57P'));
  expect(rows).toHaveLength(2);
  expect(rows.find((row) => row.includes('`57P02`'))).toMatch(/unknown.*Do not repeat/);
  expect(rows.find((row) => row.includes('`57P01`'))).toMatch(/outside a transaction may be repeated, once.*unknown: do not repeat/);
});
