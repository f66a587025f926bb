// The expectations of a run: each printed as a line that passed or failed, and counted, so that the exit code is theirs.

import { wrapped, type Terminal } from './terminal.ts';

export interface Report {
  /** Prints `ok   what` or `FAIL what`, with what was found instead. */
  check(what: string, outcome: Outcome): void;
  readonly passed: number;
  readonly failed: number;
}

export interface Outcome {
  readonly ok: boolean;
  /** What was found; printed when it failed. */
  readonly found?: string;
}

const INDENT = '       ';

export const newReport = (terminal: Terminal): Report => {
  let passed = 0;
  let failed = 0;
  return {
    check: (what, { ok, found }) => {
      if (ok) passed += 1;
      else failed += 1;
      const mark = ok ? terminal.style('green', 'ok  ') : terminal.style('red', 'FAIL');
      for (const [index, line] of wrapped(what, terminal.columns - INDENT.length).entries())
        terminal.line(index === 0 ? `  ${mark} ${line}` : `${INDENT}${line}`);
      if (ok || found === undefined) return;
      for (const line of wrapped(`found: ${found}`, terminal.columns - INDENT.length)) terminal.line(`${INDENT}${line}`);
    },
    get passed() {
      return passed;
    },
    get failed() {
      return failed;
    },
  };
};

/** Whether two values are the same text, and what was found. */
export const equal = (found: unknown, expected: unknown): Outcome => ({ ok: found === expected, found: String(found) });
