// From the words of a command line to a command and its flags. Pure. Separate from help and running, so that it can be tried alone.
import { parseArgs } from 'node:util';
import { CommandFailure, ExitCode } from '../session.ts';
import { type Command, COMMON_FLAGS, type GivenFlags, type Invocation, KUBECTL_FLAGS } from './command.ts';

export type Parsed =
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'run'; readonly command: Command; readonly invocation: Invocation; readonly kubectlFlags: readonly string[] };

/** Throws a CommandFailure with the exit code of wrong usage. */
export function parse(argv: readonly string[], commands: readonly Command[]): Parsed {
  const end = argv.indexOf('--');
  const [words, rest] = end === -1 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  const command = commands.find(({ name }) => name === commandWord(words));
  const { values, positionals } = parsedWords(words, command);
  const [name, ...args] = positionals;
  if (name === undefined || name === 'help') return { kind: 'help', command: commands.find((each) => each.name === args[0]) };
  if (command === undefined) throw usage(`there is no command "${name}": kubectl studio help lists them`);
  if (values['help'] === true) return { kind: 'help', command };
  checkArguments(command, args);
  if (end !== -1 && command.takesRest !== true) throw usage(`${name} takes nothing after --: kubectl studio ${name} --help`);
  const invocation = { argument: args[0], namespace: namespaceOf(values), flags: givenFlags(values), rest };
  return { kind: 'run', command, invocation, kubectlFlags: kubectlFlags(values) };
}

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** The first word that is no flag: flags of kubectl may come before it. */
function commandWord(words: readonly string[]): string | undefined {
  const options = { ...COMMON_FLAGS, ...KUBECTL_FLAGS };
  return parseArgs({ args: [...words], options: optionsOf(options), strict: false, allowPositionals: true }).positionals[0];
}

function parsedWords(
  words: readonly string[],
  command: Command | undefined,
): { readonly values: Values; readonly positionals: readonly string[] } {
  const options = optionsOf({ ...KUBECTL_FLAGS, ...COMMON_FLAGS, ...command?.flags });
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true }) as ReturnType<typeof parsedWords>;
  } catch (error) {
    // parseArgs explains in several sentences; the first one says what is wrong.
    throw usage(`${(error as Error).message.split('. ')[0]}: kubectl studio ${command?.name ?? ''} --help`.replace('  ', ' '));
  }
}

/** `as-group` may be given several times, as to kubectl. */
function optionsOf(flags: Command['flags']): Record<string, { type: 'boolean' | 'string'; short?: string; multiple?: boolean }> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(name === 'as-group' ? { multiple: true } : {}) },
    ]),
  );
}

function checkArguments({ name, argument }: Command, args: readonly string[]): void {
  const most = argument === '' ? 0 : 1;
  if (args.length > most) throw usage(`"${args[most]}" is one word too many: kubectl studio ${name} --help`);
  if (argument.startsWith('<') && args.length === 0) throw usage(`${argument} is missing: kubectl studio ${name} --help`);
}

function namespaceOf(values: Values): string | undefined {
  const namespace = values['namespace'];
  return typeof namespace === 'string' && values['all-namespaces'] !== true ? namespace : undefined;
}

function givenFlags(values: Values): GivenFlags {
  const output = values['output'];
  if (output !== undefined && output !== 'json') throw usage(`-o ${String(output)}: there is only json`);
  return {
    json: output === 'json',
    on: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
  };
}

function kubectlFlags(values: Values): readonly string[] {
  return Object.keys(KUBECTL_FLAGS).flatMap((name) => {
    const given = [values[name] ?? []].flat();
    return given.map((value) => (value === true ? `--${name}` : `--${name}=${String(value)}`));
  });
}

function usage(message: string): CommandFailure {
  return new CommandFailure(message, ExitCode.usage);
}
