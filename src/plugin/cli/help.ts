// The help, made from the commands. Pure.
import { type Command, COMMON_FLAGS, type Flags } from './command.ts';

export function overview(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map(({ name, argument }) => `${name} ${argument}`.length));
  const lines = commands.map(({ name, argument, summary }) => `  ${`${name} ${argument}`.trim().padEnd(width)}  ${summary}`);
  return [
    `kubectl studio ${version}: looks after StudioTenants with the rights of your kubeconfig.`,
    '',
    'Usage: kubectl studio <command> [flags]',
    '',
    ...lines,
    `  ${'help [command]'.padEnd(width)}  prints this, or the help of a command`,
    '',
    'Flags of every command:',
    ...flagLines(COMMON_FLAGS),
    "  kubectl's own, such as --context, --kubeconfig, --as and --request-timeout, are handed on to it",
    '',
    'Exit codes: 0 done; 1 failed, or doctor found what must be mended; 2 wrong usage; 3 a right is missing.',
    '',
  ].join('\n');
}

export function helpOf({ name, argument, summary, description, flags, examples }: Command): string {
  return [
    `kubectl studio ${name}: ${summary}`,
    '',
    description,
    '',
    `Usage: kubectl studio ${name}${argument === '' ? '' : ` ${argument}`} [flags]`,
    '',
    'Examples:',
    ...examples.flatMap(([comment, command]) => [`  # ${comment}`, `  ${command}`]),
    '',
    'Flags:',
    ...flagLines({ ...flags, ...COMMON_FLAGS }),
    '',
  ].join('\n');
}

function flagLines(flags: Flags): readonly string[] {
  const rows = Object.entries(flags).map(([name, { short, value, summary }]) => {
    const written = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return [written, summary] as const;
  });
  const width = Math.max(...rows.map(([written]) => written.length));
  return rows.map(([written, summary]) => `  ${written.padEnd(width)}  ${summary}`);
}
