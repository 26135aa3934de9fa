/**
 * Two values whose holding is the proof: of the queue lock, and of the right to write into an active run.
 *
 * Must not know: how either is come by (`queue.ts`, `claim.ts`).
 */
import type { RunId } from '../base/ids.ts';
import type { Modes, Store } from './layout.ts';

declare const held: unique symbol;

/** The queue lock, held. Made by `inQueue` alone. */
export type Queue = { readonly store: Store; readonly [held]: true };

/** An active run, owned. Made by `claim`, or by `reopenClaim` in the run's own process. */
export type Claim = {
  readonly store: Store;
  readonly id: RunId;
  /** For this room: while the claim is held the run stays here, since only its owner moves it. */
  readonly directory: string;
  readonly modes: Modes;
};
