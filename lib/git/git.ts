/**
 * The door of the room: pushes, objects at a commit, trees into directories, work trees, remotes.
 *
 * All git processes are started here, with an environment that no hook reaches into.
 * Must not know: runs.
 */
export { changedFiles } from './changes.ts';
export type { CommitFacts } from './commit.ts';
export { type Environment, gitEnvironment, localVariables } from './environment.ts';
export { type GitFailure, sayGitFailure } from './failure.ts';
export { type GitText, gitText } from './git-text.ts';
export { Objects, withObjects } from './objects.ts';
export {
  type BadPushLine,
  mayRun,
  type PushLine,
  parsePushLines,
  type RefKind,
  type RefUpdate,
  refKind,
  refUpdates,
} from './push-lines.ts';
export {
  authorizationHeader,
  listRefs,
  type PushedRef,
  pushTo,
  pushWords,
  type RefAt,
  type RefPush,
  type RejectedRef,
  type RemoteEvent,
  type RemoteFailure,
  type RemotePush,
  sayRemoteFailure,
} from './remote.ts';
export {
  configPath,
  findRepository,
  type GitConfig,
  gitVersion,
  type Hooks,
  headRef,
  hooksOf,
  isTrue,
  type Repository,
  readConfig,
  type Sharing,
  setConfig,
  sharingOf,
} from './repository.ts';
export { type Revision, resolveRevision } from './revision.ts';
export type { TreeKind } from './tree-entries.ts';
export {
  commitTree,
  diskTree,
  type NameAndKind,
  type PathKind,
  type Snapshot,
  type SnapshotEntry,
  type SnapshotOptions,
  snapshot,
  type TreeReader,
} from './tree-reader.ts';
export {
  ignoredDirectories,
  ignoredPaths,
  lookAtWorkTree,
  trackedPaths,
  type WorkTree,
} from './work-tree.ts';
export { type WrittenTree, writeTree } from './write-tree.ts';
