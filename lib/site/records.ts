/**
 * What the site reads of the records, as the few questions it has.
 *
 * Must not know: where records lie, or what a page says of them.
 */
import type { JobId, RunId } from '../base/ids.ts';
import type { RunRecord } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';
import { listRuns, readLog, readRun, type Store, type StoreResult } from '../store/store.ts';
import type { LogSource } from './log-files.ts';

export type Records = {
  list(state: RunState): StoreResult<RunId[]>;
  read(id: RunId): Promise<StoreResult<RunRecord>>;
  log(id: RunId, job: JobId | null): LogSource;
};

/** The records of a store. */
export const recordsOf = (store: Store): Records => ({
  list: (state) => listRuns(store, state),
  read: (id) => readRun(store, id),
  log: (id, job) => (from) => readLog(store, id, job, { from }),
});
