/**
 * The door of the room: commands, helper programs, identities, locks, and ends.
 *
 * Must not know: jobs, containers.
 */
export { type Argv, type Captured, type CaptureOptions, capture } from './capture.ts';
export {
  argvOf,
  type Command,
  type CommandEnd,
  type Environment,
  type HearChunk,
  type NoEnd,
  programOf,
  type StartFailure,
  type StreamName,
  sayStartFailure,
} from './command.ts';
export { type EndOptions, endMarked, graceMs, type NotEnded } from './end.ts';
export { bootId, type Identity, identify, identityText, isAlive, parseIdentity, self } from './identity.ts';
export { closeInherited } from './inherited.ts';
export { Launcher } from './launcher.ts';
export { acquireLock, Lock, type LockFailure, sayLockFailure, tryLock } from './lock.ts';
export { warmPipes } from './pipes.ts';
export { type Ran, type RunOptions, runCommand } from './run.ts';
export type { SpawnCommand } from './spawn.ts';
export {
  leash,
  type ProcessOptions,
  type SupervisedChild,
  spawnChild,
  spawnDetached,
  whenSupervisorGone,
} from './supervise.ts';
