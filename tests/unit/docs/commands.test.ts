/** Every command of the documentation says which test runs it, or why none does, and the test named really runs it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksIn, blocksOf, docPages, isCommand, type DocBlock } from '../../../dev/docs/blocks.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const blocks = docPages().flatMap(blocksOf);
const commands = blocks.filter(isCommand);
const where = ({ document, line, name }: DocBlock): string => `${document}:${line}${name === undefined ? '' : ` (${name})`}`;

/** Literal arguments, so that the list of commands is true without running anything. */
const CALLS = { sh: 'runDocBlock', console: 'runDocBlock', sql: 'runDocSql' } as const;

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function isRunByItsTest({ test = '', name = '', document, language }: DocBlock): boolean {
  const call = CALLS[language as keyof typeof CALLS];
  const source = readFileSync(path.join(ROOT, test), 'utf8');
  return new RegExp(`\\b${call}(?:<[^>]*>)?\\(\\s*'${literal(document)}',\\s*'${literal(name)}'`).test(source);
}

describe('the commands of the documentation', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  it('each name a test, or say why there is none, and never both', () => {
    const unmarked = commands.filter(({ test, notRun }) => (test === undefined) === (notRun === undefined || notRun === ''));
    expect(unmarked.map(where)).toEqual([]);
  });

  it('are written in languages that are run: sh, sql, and console for transcripts', () => {
    expect(commands.filter(({ language }) => !(language in CALLS)).map(where)).toEqual([]);
  });

  it('name tests that exist', () => {
    const missing = commands.filter(({ test }) => test !== undefined && !existsSync(path.join(ROOT, test)));
    expect(missing.map(where)).toEqual([]);
  });

  it('have a name of their own in their page', () => {
    const named = commands.filter(({ test }) => test !== undefined).map(({ document, name = '' }) => `${document}#${name}`);
    expect(named.filter((each, index) => each.endsWith('#') || named.indexOf(each) !== index)).toEqual([]);
  });

  it('are run by the test they name', () => {
    const claimed = commands.filter(({ test }) => test !== undefined && existsSync(path.join(ROOT, test)));
    expect(claimed.filter((block) => !isRunByItsTest(block)).map(where)).toEqual([]);
  });
});

describe('an info string', () => {
  const [first, second, third] = blocksIn(
    'page.md',
    [
      '```sh test=tests/a.test.ts#install',
      'kubectl get pods',
      '```',
      '1. A list:',
      '   ```sh not-run="needs a cloud account"',
      '   gcloud auth login',
      '   ```',
      '```',
      '$ kubectl get nodes',
      '```',
      '',
    ].join('\n'),
  );

  it('names a test and the block in it', () => {
    expect(first).toMatchObject({ language: 'sh', test: 'tests/a.test.ts', name: 'install', text: 'kubectl get pods\n', line: 1 });
  });

  it('says why a block is not run, also within a list', () => {
    expect(second).toMatchObject({ notRun: 'needs a cloud account', text: 'gcloud auth login\n', test: undefined });
  });

  it('is wanted for transcripts, too', () => {
    expect([first, second, third].map((block) => block !== undefined && isCommand(block))).toEqual([true, true, true]);
  });
});
