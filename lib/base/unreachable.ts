/**
 * The end of an exhaustive switch.
 *
 * Must not know: what was switched on.
 */

/** Throws: a value got here that the types exclude. Returning `never` lets every switch end with it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
