/**
 * How the program ends, as its caller sees it.
 *
 * Must not know: which command ended so.
 */

export const exits = {
  done: 0,
  /** The pipeline failed, or validation found problems. */
  failed: 1,
  /** Wrong usage, or no pipeline. */
  usage: 2,
  /** No git, no container engine, disk full, locked: trouble that no pipeline is to blame for. */
  infrastructure: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exits)[keyof typeof exits];
