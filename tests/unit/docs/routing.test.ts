/** The guide says what the code does: every answer with its status, every limit with its default, every name that it tells readers to import. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ANSWER_TEXTS } from '../../../src/routing/answers/texts.ts';
import * as routing from '../../../src/routing/index.ts';
import { DEFAULT_LIMITS } from '../../../src/routing/pools/options.ts';

const page = readFileSync(new URL('../../../docs/routing.md', import.meta.url), 'utf8');

/** The cells of the tables under a heading, without heads; backquotes taken off. */
const rowsUnder = (heading: string): readonly (readonly string[])[] => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `') && !line.includes(' option |'));
  return rows.map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
      .slice(1, -1),
  );
};

it('has every answer, with status, Retry-After and code', () => {
  const told = rowsUnder('What is answered').map(([state, , status, retryAfter, code]) => ({ state, status, retryAfter, code }));
  const true_ = Object.entries(ANSWER_TEXTS).map(([state, { status, retryAfterSeconds, code }]) => ({
    state,
    status: String(status),
    retryAfter: String(retryAfterSeconds ?? ''),
    code,
  }));
  expect(told).toEqual(true_);
});

it('has every limit of the pools, with its default', () => {
  const told = rowsUnder('Connections and their limits').map(([name, value]) => [name, Number(value?.replaceAll(',', ''))]);
  expect(Object.fromEntries(told)).toEqual(DEFAULT_LIMITS);
});

it('has every error', () => {
  const errors = Object.values(routing).filter((each) => typeof each === 'function' && each.prototype instanceof routing.RoutingError);
  const told = rowsUnder('Errors').flatMap(([names = '']) => names.split(', '));
  expect(told.toSorted()).toEqual(errors.map(({ name }) => name).toSorted());
});

it('tells to import what is there', () => {
  const named = [...page.matchAll(/import \{ ([^}]+) \} from 'studio-operator\/routing'/g)].flatMap(([, names = '']) => names.split(', '));
  const created = [...page.matchAll(/\b(createTenant\w+|tenant[A-Z]\w+|escapeHtml|currentTenant|\w+Credentials)\(/g)].map(
    ([, name = '']) => name,
  );
  expect([...named, ...created].filter((name) => !(name in routing))).toEqual([]);
});
