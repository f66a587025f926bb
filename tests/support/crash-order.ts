/** What a test and the operators that are to die agree on. Separate because they are different processes. */

/** After which side effect about which tenant the operator dies, and where it notes them. */
export interface CrashOrder {
  readonly tenant: string;
  /** A crash point; undefined: it lives, and only notes. */
  readonly after?: string | undefined;
  readonly log: string;
}

/** By name and not by number: what is done at the same time, such as sending Events, comes in any order. */
export function crashPoint(effect: string, times: number): string {
  return times === 1 ? effect : `${effect} (${times})`;
}
