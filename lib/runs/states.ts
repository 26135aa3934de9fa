/**
 * The states of a run and of a job, and which moves between them exist.
 *
 * The table is the only place that knows the arrows; types, checks and documents are read off it.
 * Must not know: the disk, or who makes a move.
 */

export const moves = {
  pending: ['active', 'failed', 'replaced', 'canceled'],
  active: ['complete', 'failed', 'replaced', 'canceled'],
  complete: [],
  failed: [],
  replaced: [],
  canceled: [],
} as const;

export type RunState = keyof typeof moves;
export type FinalState = 'complete' | 'failed' | 'replaced' | 'canceled';

/** In the order a reader lists them: a run that moves while it is read is then seen at least once. */
export const runStates = [
  'pending',
  'active',
  'complete',
  'failed',
  'replaced',
  'canceled',
] as const satisfies readonly RunState[];
export const finalStates = [
  'complete',
  'failed',
  'replaced',
  'canceled',
] as const satisfies readonly FinalState[];

export const mayMove = (from: RunState, to: RunState): boolean =>
  (moves[from] as readonly RunState[]).includes(to);

export const isFinal = (state: RunState): state is FinalState => moves[state].length === 0;

/** `complete` and the others belong to jobs too, but `replaced` is only a run's, and `skipped` only a job's. */
export type JobState = 'pending' | 'active' | 'complete' | 'failed' | 'skipped' | 'canceled';
export const jobStates = [
  'pending',
  'active',
  'complete',
  'failed',
  'skipped',
  'canceled',
] as const satisfies readonly JobState[];
export type FinalJobState = Exclude<JobState, 'pending' | 'active'>;
export const isJobOver = (state: JobState): state is FinalJobState =>
  state !== 'pending' && state !== 'active';

/** Why a run ended the way it did, and the state that goes with it. */
export const outcomes = {
  succeeded: 'complete',
  'failed-job': 'failed',
  'failed-pipeline': 'failed',
  'failed-internal': 'failed',
  'failed-orphaned': 'failed',
  'failed-timeout': 'failed',
  replaced: 'replaced',
  canceled: 'canceled',
} as const satisfies Record<string, FinalState>;

export type OutcomeName = keyof typeof outcomes;
export const stateOf = (outcome: OutcomeName): FinalState => outcomes[outcome];
