/**
 * Random choices that a seed repeats.
 *
 * Must not know: what is chosen.
 */

export type Dice = {
  /** From 0 to 1, without 1. */
  roll(): number;
  /** A whole number from 0 to `below`, without it. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** True one time in `times`. */
  once(times: number): boolean;
};

/** Mulberry32: 32 bits of state are plenty here, and every platform gives the same. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(roll() * limit);
  return {
    roll,
    below,
    pick: <T>(from: readonly T[]): T => from[below(from.length)] as T,
    once: (times) => below(times) === 0,
  };
}
