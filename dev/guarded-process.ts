// A server process that cannot outlive us. A small shell stands between us and the program: it ends the program when our end of its
// standard input closes, which the kernel does even when we are killed with SIGKILL. Separate because the cluster's programs,
// PostgreSQL and the processes of pods all need it.

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited unless given. Default: our own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as this user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** File that receives standard error; standard output is piped to us. Default: inherited. */
  readonly errorLog?: string;
  /** Signal that asks the program to end. Default INT: what PostgreSQL calls a fast shutdown. Servers install a handler for it; a plain
   * program that does not would ignore it here, because shells start background programs so: for those say TERM. */
  readonly signal?: 'INT' | 'TERM';
  /** Directory to remove once the program was told to end, also when we are gone by then. Kept when it ended by itself: its logs
   * say why; and when it holds a file `.keep`. */
  readonly removeAfter?: string;
}

export interface GuardedProcess {
  readonly stdout: NodeJS.ReadableStream;
  /** The program's own process id; 0 when the guard was gone before it could start anything. */
  readonly pid: Promise<number>;
  /** Resolves with the exit code once the program has ended, for whatever reason; -1 when a signal ended the guard itself. */
  readonly ended: Promise<number>;
  hasEnded(): boolean;
  signal(name: NodeJS.Signals): Promise<void>;
  /** Asks the program to end, kills it after `graceMs`, and resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** Ends the program without a chance to clean up. */
  kill(): Promise<void>;
}

const DEFAULT_GRACE_MS = 20_000;

// $1: signal, $2: directory to remove or empty, then the command. File descriptor 3 is our standard input, because a shell gives
// /dev/null to what it starts in the background; 4 tells us the program's process id.
const GUARD = `
signal=$1; remove=$2; shift 2
exec 3<&0
"$@" <&3 4>&- & program=$!
echo "$program" >&4; exec 4>&- 2>/dev/null
told="$remove/.told-to-end"
if [ -n "$remove" ]; then rm -f "$told"; fi
{
  cat <&3; if [ -n "$remove" ]; then : >"$told"; fi; kill -s "$signal" "$program"
  sleep 30; kill -KILL "$program"
} >/dev/null 2>&1 4>&- & watch=$!
wait "$program"; status=$?
kill "$watch" 2>/dev/null
if [ -n "$remove" ] && [ -e "$told" ] && [ ! -e "$remove/.keep" ]; then rm -rf "$remove"; fi
exit "$status"
`;

/** Starts the program; throws when it cannot be started at all. */
export const startGuarded = (options: GuardedProcessOptions): GuardedProcess => {
  const errors = options.errorLog === undefined ? ('inherit' as const) : openSync(options.errorLog, 'a');
  const child = spawn(
    '/bin/sh',
    ['-c', GUARD, 'guard', options.signal ?? 'INT', options.removeAfter ?? '', options.command, ...options.args],
    {
      // A session of its own: Ctrl-C in the terminal reaches us alone, and we end our programs in the right order.
      detached: true,
      stdio: ['pipe', 'pipe', errors, 'ignore', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...options.user,
    },
  );
  if (typeof errors === 'number') closeSync(errors);
  return guardedProcess(child);
};

const guardedProcess = (child: ChildProcess): GuardedProcess => {
  const { stdin, stdout } = child;
  const pidPipe = child.stdio[4] as NodeJS.ReadableStream;
  if (stdin === null || stdout === null) throw new Error('the guard has no pipes');
  let over = false;
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? -1));
  }).finally(() => {
    over = true;
  });
  // Whoever needs the outcome awaits `ended`; without this a failed start would be an unhandled rejection as well.
  ended.catch(() => undefined);
  stdin.on('error', () => undefined); // EPIPE: the guard is gone, `ended` tells
  const pid = text(pidPipe).then(Number);
  const kill = async (): Promise<void> => {
    if (!over) signal(await pid, 'SIGKILL');
    await ended;
  };
  return {
    stdout,
    pid,
    ended,
    hasEnded: () => over,
    signal: async (name) => {
      if (!over) signal(await pid, name);
    },
    stop: async (graceMs = DEFAULT_GRACE_MS) => {
      stdin.end();
      const timer = setTimeout(() => void kill(), graceMs);
      await ended.finally(() => clearTimeout(timer));
    },
    kill,
  };
};

/** The guard reaps the program, so until `ended` the process id is nobody else's. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  if (!(pid > 0)) return; // the guard was gone before it could start anything
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
