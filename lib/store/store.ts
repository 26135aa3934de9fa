/**
 * The door of the room: everything about records that another room may use.
 *
 * A run is a directory, its parent's name its state, a transition one rename. Paths stay in here.
 * Must not know: how anything runs; HTML.
 */
export { claim, finish, handOver, reopenClaim } from './claim.ts';
export { type StoreFailure, type StoreResult, sayStoreFailure } from './failures.ts';
export { findRun } from './find.ts';
export { listUnsettled, settle } from './finish.ts';
export { compactHistory, type HistoryPage, mendHistory, readHistory, rebuildHistory } from './history.ts';
export {
  type BadEvent,
  badEvents,
  dropEvents,
  type Inbox,
  type InboxEvent,
  runIdOf,
  understandEvent,
} from './inbox.ts';
export { type Journal, type JournalOptions, type JournalPlace, journal } from './journal.ts';
export {
  cacheOf,
  configFile,
  isPaused,
  type LockName,
  lockFile,
  openStore,
  type PendingRun,
  pause,
  prepareStore,
  resume,
  type Store,
  type StoreOptions,
  siteOf,
  workspaceOf,
} from './layout.ts';
export { type LogFrom, LogReading, readLog, readLogIn } from './log-reader.ts';
export {
  dropForMirrors,
  keepForMirrors,
  listForMirrors,
  noteInRun,
  readForMirrors,
} from './mirrors.ts';
export { latestNumber, latestRun } from './numbers.ts';
export { type OutDirectory, openOutDirectory, outFinish, outPipeline } from './out-directory.ts';
export { isWhole } from './outputs.ts';
export { claimPipeline, type PipelineWritten, type RunMoved, recordPipelines } from './pipeline.ts';
export type { Claim, Queue } from './proofs.ts';
export { type Published, type PublishedRun, publish, type RunDraft } from './publish.ts';
export { endPending, inQueue, stoppedBy, stopRun, takeEvents, watchQueue } from './queue.ts';
export {
  listPending,
  listRuns,
  type PendingList,
  readMeta,
  readOutputs,
  readRun,
  stateOfRun,
} from './read.ts';
export type { StopRequest } from './records.ts';
export {
  type ActiveRun,
  failOrphan,
  failUnreadable,
  listActive,
  type Recovered,
  recoverFinished,
  recoverPending,
} from './recover.ts';
export { listStrays, removeRun, removeStrays } from './remove.ts';
export { readRequest, watchRequests } from './requests.ts';
