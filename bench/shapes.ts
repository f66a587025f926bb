// Which statements were sent how often, without their values: where to look when there are more than there should be.

import type { LogEntry } from './postgres-log.ts';
import { shapeOf, splitStatements } from './sql-statements.ts';

const SHOWN = 60;

/** The most frequent first. */
export const countByShape = (entries: Iterable<LogEntry>): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const { kind, text } of entries) {
    if (kind !== 'statement') continue;
    for (const shape of splitStatements(text).map(shapeOf)) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN));
};
