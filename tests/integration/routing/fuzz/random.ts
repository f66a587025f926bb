// Randomness that can be had again from its seed. Separate because both the hosts and the way they are sent draw from it.

export interface Random {
  /** 0 up to, not including, `bound`. */
  below(bound: number): number;
  /** True once in `odds` times. */
  once(odds: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Mulberry32: small, fast, and random enough to make things up. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    once: (odds) => below(odds) === 0,
    pick: (from) => from[below(from.length)]!,
  };
};
