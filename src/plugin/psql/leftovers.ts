// What must not outlive the command, whatever ends it: a file with a password, an open way to a database. Separate because it begins before
// either is there and ends after psql, and because a signal does not run any `finally`.
import type { ChildProcess } from 'node:child_process';
import os from 'node:os';

/** Signals that would end this process at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From the moment it is made until `clear`, a signal clears and ends the process as the signal would. */
export class Leftovers {
  readonly #undo: (() => void)[] = [];
  #session: ChildProcess | undefined;

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#receive);
  }

  /** `undo` is run once, the last one first. It must not be asynchronous: a process that ends waits for nothing. */
  add(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** From here on signals are the session's: it gets them, ends, and the command goes on to its end. */
  handOver(session: ChildProcess): void {
    this.#session = session;
  }

  clear(): void {
    for (const signal of SIGNALS) process.off(signal, this.#receive);
    for (const undo of this.#undo.splice(0).toReversed()) undo();
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#session === undefined) {
      this.clear();
      process.exit(128 + os.constants.signals[signal]);
    }
    // The terminal has sent SIGINT to the session itself.
    if (signal !== 'SIGINT') this.#session.kill(signal);
  };
}
