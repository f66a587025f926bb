// One container's main process. Started without anything in between, so that its environment is exactly what was given; a second
// process watches over it from outside and kills it when we are gone.

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';

export interface ContainerProcessOptions {
  readonly commandLine: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Receives standard output and standard error in the order in which they were written. */
  readonly logFile: string;
}

export interface ContainerProcess {
  /** As a shell reports it: 128 + n after signal n; 128 when the program could not be started. */
  readonly ended: Promise<number>;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

export const startContainerProcess = (options: ContainerProcessOptions): ContainerProcess => {
  const [program = '', ...args] = options.commandLine;
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(program, args, {
    // A group of its own: SIGKILL must reach what the program started, and Ctrl-C must not reach it at all.
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...options.env },
    cwd: options.workingDirectory,
  });
  closeSync(log);
  const guard = child.pid === undefined ? undefined : killWhenWeAreGone(child.pid);
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(128));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0)));
  }).finally(() => guard?.kill('SIGKILL'));
  return { ended, signal: (name) => signalChild(child, name) };
};

/** Its standard input closes when we end, however we end. */
const killWhenWeAreGone = (pid: number): ChildProcess => {
  const guard = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -KILL -- "-$1"', 'guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.stdin?.on('error', () => undefined); // EPIPE: it was killed because the program has ended
  return guard;
};

const signalChild = (child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // SIGTERM goes to the main process alone, as in a container; SIGKILL ends all of it.
  process.kill(name === 'SIGKILL' ? -child.pid : child.pid, name);
};

const TAIL_BYTES = 2048;
const TAIL_LINES = 80;

/** What FallbackToLogsOnError takes: the last 2,048 bytes or 80 lines, whichever is less. */
export const logTail = async (logFile: string): Promise<string> => {
  const file = await open(logFile);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8');
    const lines = text.split('\n');
    const last = text.endsWith('\n') ? TAIL_LINES + 1 : TAIL_LINES;
    return lines.slice(-last).join('\n');
  } finally {
    await file.close();
  }
};
