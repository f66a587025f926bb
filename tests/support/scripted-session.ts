/**
 * A command of the plugin run in this process, with a kubectl that answers as a test says. For what a real cluster cannot be brought to at
 * will: definitions that are half there, a log that one pod lacks, words that would steer a terminal.
 */
import { spawn } from 'node:child_process';

import { COMMANDS } from '../../src/plugin/cli/commands.ts';
import { parse } from '../../src/plugin/cli/parse.ts';
import type { Session } from '../../src/plugin/session.ts';
import { PLAIN } from '../../src/plugin/terminal/style.ts';

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

export interface Script {
  /** Standard output of kubectl for these words; throws what kubectl refuses. */
  readonly text: (words: readonly string[]) => string | Promise<string>;
  /** What a kubectl that runs on prints. */
  readonly stream?: string;
  /** Milliseconds; the beginning of 1970 unless said. */
  readonly now?: () => number;
}

/** Throws what the command throws. */
export async function runScripted(words: readonly string[], { text, stream = '', now = () => 0 }: Script): Promise<Answer> {
  const parsed = parse(words, COMMANDS);
  if (parsed.kind !== 'run') throw new Error(`this is ${parsed.kind}`);
  const said = { out: '', notes: '' };
  const session: Session = {
    kubectl: {
      text: async (args) => await text(args),
      json: async <T>(args: readonly string[]) => JSON.parse(await text([...args, '-o', 'json'])) as T,
      start: (_, options) => spawn(process.execPath, ['-e', `process.stdout.write(${JSON.stringify(stream)})`], options),
    },
    terminal: {
      style: PLAIN,
      width: Infinity,
      out: (more) => void (said.out += more),
      note: (more) => void (said.notes += more),
    },
    env: {},
    now,
    version: '0.1.0',
  };
  return { code: await parsed.command.run(session, parsed.invocation), ...said };
}
