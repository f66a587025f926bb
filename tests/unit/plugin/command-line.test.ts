/** Words on a command line: what is taken for what, what is handed on to kubectl, and what every help has. */
import { describe, expect, it } from 'vitest';

import { COMMANDS } from '../../../src/plugin/cli/commands.ts';
import { main } from '../../../src/plugin/cli/main.ts';
import { helpOf } from '../../../src/plugin/cli/help.ts';
import { parse } from '../../../src/plugin/cli/parse.ts';
import { linesAbout } from '../../../src/plugin/operator-log.ts';
import { PLAIN } from '../../../src/plugin/terminal/style.ts';
import { serviceOf } from '../../../src/plugin/psql/plan.ts';

const run = (...words: readonly string[]) => {
  const parsed = parse(words, COMMANDS);
  if (parsed.kind !== 'run') throw new Error(`this is ${parsed.kind}`);
  return parsed;
};

describe('a command line', () => {
  it('hands kubectl its own flags, wherever they stand', () => {
    const { command, invocation, kubectlFlags } = run(
      '--context',
      'prod',
      'status',
      'yoga',
      '--as=eve',
      '--as-group',
      'a',
      '--as-group',
      'b',
      '-n',
      'x',
    );

    expect(command.name).toBe('status');
    expect(invocation).toMatchObject({ argument: 'yoga', namespace: 'x', rest: [] });
    expect(kubectlFlags).toEqual(['--context=prod', '--as=eve', '--as-group=a', '--as-group=b']);
  });

  it('leaves what follows -- alone', () => {
    const { invocation } = run('psql', 'yoga', '--write', '--', '-c', 'SELECT 1', '--csv');

    expect(invocation.rest).toEqual(['-c', 'SELECT 1', '--csv']);
    expect(invocation.flags.on('write')).toBe(true);
  });

  it.each([
    [['nonsense'], 'there is no command "nonsense"'],
    [['status', '--nonsense'], "Unknown option '--nonsense'"],
    [['status', 'a', 'b'], '"b" is one word too many'],
    [['retry'], '<tenant|release/NAME> is missing'],
    [['status', '-o', 'yaml'], 'there is only json'],
    [['status', '--', 'yoga'], 'status takes nothing after --'],
    [['doctor', 'yoga'], '"yoga" is one word too many'],
  ])('%j is refused with a sentence', (words, sentence) => {
    expect(() => parse(words, COMMANDS)).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringContaining(sentence) }));
  });
});

it.each(COMMANDS.map((command) => [command.name, command] as const))('the help of %s has examples that can be parsed', (name, command) => {
  expect(parse([name, '--help'], COMMANDS)).toMatchObject({ kind: 'help', command: { name } });
  expect(helpOf(command)).toContain(`Usage: kubectl studio ${name}`);
  expect(command.examples.length).toBeGreaterThan(0);
  for (const [, example] of command.examples) {
    const [own = ''] = example.replaceAll(/(["']).*?\1/g, 'WORD').split(' | ');
    expect(run(...own.split(' ').slice(2)).command.name).toBe(name);
  }
});

it('repeats words that would steer the terminal without what steers', async () => {
  let noted = '';
  const terminal = { style: PLAIN, width: Infinity, out: () => undefined, note: (text: string) => void (noted += text) };

  expect(await main(['\u001B]0;owned\u0007nonsense'], { terminal, env: {}, now: () => 0, version: '0.1.0' })).toBe(2);
  expect(noted).toBe('error: there is no command "nonsense": kubectl studio help lists them\n');
});

it("the operator's lines about a tenant are its own alone", () => {
  const line = (name: string, time: string): string => JSON.stringify({ time, namespace: 'studios', name, msg: 'x' });
  const other = JSON.stringify({ namespace: 'elsewhere', name: 'yoga' });

  expect(
    linesAbout({ name: 'yoga', namespace: 'studios' }, [line('yoga', '2'), line('yoga-2', '1'), line('yoga', '1'), other, '{"cut', '']),
  ).toEqual([line('yoga', '1'), line('yoga', '2')]);
});

it.each([
  ['pg-main.databases.svc', { name: 'pg-main', namespace: 'databases' }],
  ['pg-main.databases.svc.cluster.local', { name: 'pg-main', namespace: 'databases' }],
  ['db.example.com', undefined],
  ['10.0.0.1', undefined],
])('%s is the Service %j', (host, service) => {
  expect(serviceOf(host)).toEqual(service);
});
