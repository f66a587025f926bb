// The demo's command line. Separate so that it is checked before anything starts.

import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** End after the last chapter; the exit code says whether every expectation held. */
  readonly once: boolean;
  readonly help: boolean;
}

export const DEMO_HELP = `Shows the operator at work on this machine: a real Kubernetes API server, a real PostgreSQL, the samples of manifests/.

Usage: npm run demo [-- --once]

  --once   ends after the last chapter, with 0 only if every expectation held; also without a terminal
  --help   this text

Without --once everything stays up until Ctrl-C, and how to go on is printed. Nothing is left running after it.
`;

/** Throws an Error with a sentence. */
export const demoOptions = (argv: readonly string[], isTerminal: boolean): DemoOptions => {
  const { values } = parseArgs({
    args: [...argv],
    options: { once: { type: 'boolean', default: !isTerminal }, help: { type: 'boolean', short: 'h', default: false } },
  });
  return values;
};
