/*
 * How many queries a flood of made-up hosts can cause. Separate because it is a rule of its own: queries that found
 * every host they asked for are free, the others use up a supply that comes back slowly.
 */
export interface Pace {
  /** How long the next query has to wait, milliseconds; meanwhile more hosts join it. */
  waitMs(): number;
  /** A query has asked for a host that is nobody's. */
  spend(): void;
}

const SUPPLY = 100;
const BACK_PER_SECOND = 100;

/** `now` in milliseconds, from a clock that only goes forward. */
export function createPace(now: () => number = () => performance.now()): Pace {
  let left = SUPPLY;
  let countedAt = now();
  const count = (): number => {
    const at = now();
    left = Math.min(SUPPLY, left + ((at - countedAt) * BACK_PER_SECOND) / 1_000);
    countedAt = at;
    return left;
  };
  return {
    waitMs() {
      const missing = 1 - count();
      return missing <= 0 ? 0 : Math.ceil((missing * 1_000) / BACK_PER_SECOND);
    },
    spend() {
      left = count() - 1;
    },
  };
}
