// What every command is given: kubectl, where to write, how wide, and the time. Separate so that commands know no process.
import type { Kubectl } from './kubernetes/kubectl.ts';
import type { Style } from './terminal/style.ts';

/** Exit codes; docs/kubectl-studio.md promises them. */
export const ExitCode = { ok: 0, failed: 1, usage: 2, forbidden: 3 } as const;

export interface Terminal {
  readonly style: Style;
  /** Columns; Infinity where nobody reads along. */
  readonly width: number;
  /** Standard output. */
  out(text: string): void;
  /** Standard error: what is not the answer. */
  note(text: string): void;
}

export interface Session {
  readonly kubectl: Kubectl;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly now: () => number;
  /** Version of the plugin. */
  readonly version: string;
}

/** One object per answer, whose fields are only ever added to. */
export const REPORT_API_VERSION = 'kubectl.studio-platform.io/v1';

export function printJson({ terminal }: Session, kind: string, report: object): void {
  terminal.out(`${JSON.stringify({ apiVersion: REPORT_API_VERSION, kind, ...report }, undefined, 2)}\n`);
}

/** What is not there is null in a report, so that every field always is. */
export const orNull = <T>(value: T | undefined): T | null => value ?? null;

/** Says what is wrong in one sentence and ends the command. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.failed) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}
