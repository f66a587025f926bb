// `npm run docs:commands`: every command that stands in the documentation, and the test that runs it or why none does.
import { blocksOf, docPages, isCommand, type DocBlock } from './blocks.ts';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const commands = docPages().flatMap(blocksOf).filter(isCommand);

for (const page of new Set(commands.map(({ document }) => document))) {
  print(`\n${page}`);
  for (const command of commands.filter(({ document }) => document === page)) print(described(command));
}
const run = commands.filter(({ test }) => test !== undefined).length;
print(`\n${commands.length} blocks of commands: ${run} run by tests, ${commands.length - run} marked as not run`);

function described({ line, language, text, test, name, notRun }: DocBlock): string {
  const first = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('#') && !each.startsWith('--')) ?? '';
  const by = test === undefined ? `not run: ${notRun ?? 'not marked'}` : `${test}#${name ?? ''}`;
  return `  ${line}: [${language}] ${first.slice(0, 90)}\n      ${by}`;
}
