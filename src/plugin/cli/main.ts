// From a command line to an exit code. Separate from the entry points, which alone touch the process.
import { createKubectl, isRefusal, KubectlError } from '../kubernetes/kubectl.ts';
import { CommandFailure, ExitCode, type Session, type Terminal } from '../session.ts';
import { harmless } from '../terminal/text.ts';
import { COMMANDS } from './commands.ts';
import { completion } from './complete.ts';
import { helpOf, overview } from './help.ts';
import { parse } from './parse.ts';

export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => number;
  readonly version: string;
}

/** Never throws for what a user, a cluster or a missing program can do. */
export async function main(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal, version } = surroundings;
  try {
    const parsed = parse(argv, COMMANDS);
    if (parsed.kind === 'help') {
      terminal.out(parsed.command === undefined ? overview(COMMANDS, version) : helpOf(parsed.command));
      return ExitCode.ok;
    }
    const kubectl = createKubectl({ flags: parsed.kubectlFlags, env: surroundings.env });
    const session: Session = { ...surroundings, kubectl };
    return await parsed.command.run(session, parsed.invocation);
  } catch (error) {
    return complain(error, terminal);
  }
}

export async function complete(words: readonly string[], { terminal, env }: Surroundings): Promise<number> {
  terminal.out(await completion(words, COMMANDS, createKubectl({ flags: [], env })));
  return ExitCode.ok;
}

function complain(error: unknown, { note, style }: Terminal): number {
  if (!(error instanceof CommandFailure) && !(error instanceof KubectlError)) throw error;
  note(`${style.bad('error:')} ${harmless(error.message.replace(/^error: /, ''))}\n`);
  if (error instanceof CommandFailure) return error.exitCode;
  return isRefusal(error, 'Forbidden') ? ExitCode.forbidden : ExitCode.failed;
}
