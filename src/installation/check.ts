/**
 * `operator --check`: asks until all is well or the time is over, and says what it found, a line per check. What `helm test` runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Check } from './checks.ts';

export interface CheckOptions {
  readonly checks: readonly Check[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Report {
  readonly isWell: boolean;
  /** As /readyz writes it. */
  readonly lines: readonly string[];
}

const LOOK_AGAIN_MS = 1_000;
/** Of one look at one thing; its own errors are better than this. */
const ONE_LOOK_MS = 15_000;

/** Of the last look. Rejects with the signal's reason. */
export async function checkInstallation({ checks, timeoutMs, signal }: CheckOptions): Promise<Report> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const report = await look(checks, signal);
    signal.throwIfAborted();
    if (report.isWell || performance.now() + LOOK_AGAIN_MS >= deadlineMs) return report;
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

async function look(checks: readonly Check[], signal: AbortSignal): Promise<Report> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ONE_LOOK_MS)]);
  const results = await Promise.all(checks.map(async (check) => ({ name: check.name, problem: await problemOf(check, deadline) })));
  return {
    isWell: results.every(({ problem }) => problem === undefined),
    lines: results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} ${problem}`)),
  };
}

/** What is thrown is an answer too: the causes say what could not be reached, and why. */
async function problemOf(check: Check, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await check.problem(signal);
  } catch (error) {
    return messagesOf(error).join(': ');
  }
}

function messagesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  const own = error.message === '' ? [error.name] : [error.message];
  return error.cause === undefined ? own : [...own, ...messagesOf(error.cause)];
}
