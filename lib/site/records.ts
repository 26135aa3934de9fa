/**
 * What the site reads of the records, as the few questions it has.
 *
 * Must not know: where records lie, or what a page says of them.
 */
import type { JobId, RunId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import type { RunRecord } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';
import {
  listRuns,
  readLog,
  readOutputs,
  readRun,
  type Store,
  type StoreResult,
  stateOfRun,
} from '../store/store.ts';
import type { LogSource } from './log-files.ts';

export type Records = {
  list(state: RunState): StoreResult<RunId[]>;
  read(id: RunId): Promise<StoreResult<RunRecord>>;
  /** Whether there is such a run, readable or not. */
  has(id: RunId): boolean;
  log(id: RunId, job: JobId | null): LogSource;
  /** What a job returned; null when it returned nothing. */
  outputs(id: RunId, job: JobId): Promise<StoreResult<Plain | null>>;
};

/** The records of a store. */
export const recordsOf = (store: Store): Records => ({
  list: (state) => listRuns(store, state),
  read: (id) => readRun(store, id),
  has: (id) => stateOfRun(store, id) !== null,
  outputs: (id, job) => readOutputs(store, id, job),
  log: (id, job) => (from) => readLog(store, id, job, { from }),
});
