// A part of the measurement in a process of its own, asked by messages. Separate because what is measured must share neither a thread nor
// a heap with what measures it, and because a child that loses us must end by itself.

import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** What a child answers: name of the call -> one input, one output. Both are plain data. */
export type Calls = Readonly<Record<string, (input: never) => unknown>>;

export type Handlers<C extends Calls> = { readonly [K in keyof C]: (input: Parameters<C[K]>[0]) => Promise<Awaited<ReturnType<C[K]>>> };

interface Question {
  readonly id: number;
  readonly call: string;
  readonly input: unknown;
}

interface Answer {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

export interface Child<C extends Calls> {
  readonly pid: number;
  /** Rejects with what the child says, or when it ends before it has answered. */
  ask<K extends keyof C & string>(call: K, input: Parameters<C[K]>[0]): Promise<Awaited<ReturnType<C[K]>>>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** Of Node itself, e.g. `--expose-gc`. */
  readonly nodeOptions?: readonly string[];
}

const GRACE_MS = 10_000;

/** Starts a file of this folder, which has to call `answer`. */
export const startChild = <C extends Calls>(file: string, { nodeOptions = [] }: ChildOptions = {}): Child<C> => {
  const child = fork(path.join(import.meta.dirname, file), {
    execArgv: [...nodeOptions],
    env: { ...process.env, NODE_ENV: 'production' },
    serialization: 'advanced',
    // A group of its own: Ctrl-C reaches us alone, and we end what we started in the right order.
    detached: true,
  });
  return asked(child, file);
};

const asked = <C extends Calls>(child: ChildProcess, file: string): Child<C> => {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = Promise.withResolvers<void>();
  let lastId = 0;
  const end = (why: Error): void => {
    for (const { reject } of waiting.values()) reject(why);
    waiting.clear();
    ended.resolve();
  };
  child.once('error', (cause) => end(new Error(`starting ${file}`, { cause })));
  child.once('exit', (code, signal) => end(new Error(`${file} ended with ${signal ?? `code ${code}`}`)));
  child.on('message', ({ id, output, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(output);
    else waiting.get(id)?.reject(new Error(`${file}: ${error}`));
    waiting.delete(id);
  });
  return {
    pid: child.pid ?? 0,
    ask: async (call, input) => {
      lastId += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(lastId, answer);
      child.send({ id: lastId, call, input } satisfies Question, (error) => {
        if (error !== null) answer.reject(new Error(`asking ${file}`, { cause: error }));
      });
      return (await answer.promise) as never;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended.promise.finally(() => clearTimeout(timer));
    },
  };
};

/** The child's side. Ends the process once the parent lets go or is gone, whatever is still open. */
export const answer = <C extends Calls>(handlers: Handlers<C>): void => {
  process.once('disconnect', () => process.exit());
  process.on('message', ({ id, call, input }: Question) => {
    const handle = handlers[call] as ((input: unknown) => Promise<unknown>) | undefined;
    const reply = (said: Answer): void => void (process.connected && process.send?.(said));
    if (handle === undefined) return reply({ id, error: `knows no call "${call}"` });
    void handle(input).then(
      (output) => reply({ id, output }),
      (error: unknown) => reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
};
