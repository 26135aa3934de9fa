/**
 * Which jobs of one run may start now, and which never will.
 *
 * Pure: a pipeline's jobs and how far each is, in; decisions out.
 * Must not know: processes, Lua, the disk, the clock.
 */
import type { JobId } from '../base/ids.ts';

/** How far a job is, as far as its dependents care: a `red` one failed and is not allowed to. */
export type Progress = 'waiting' | 'running' | 'done' | 'red';

export type Node = {
  readonly id: JobId;
  /** Inputs that are jobs; sources such as `quire/push` are always there and left out. */
  readonly inputs: readonly JobId[];
  /** Every job it depends on, near or far, in registration order. */
  readonly ancestors: readonly JobId[];
  /** Runs whatever became of its inputs. */
  readonly always: boolean;
};

export type Decision = {
  /** In registration order, no more than there is room for. */
  readonly start: readonly JobId[];
  /** Jobs that will not run, each with the failed job that keeps it from running. */
  readonly skip: readonly { readonly job: JobId; readonly because: JobId }[];
  /** Nothing runs and nothing can start: the run is over. */
  readonly over: boolean;
};

/** `room` is how many more jobs may run at once; Infinity for no limit. */
export function decide(
  nodes: readonly Node[],
  progress: ReadonlyMap<JobId, Progress>,
  room: number,
): Decision {
  const at = (id: JobId): Progress => progress.get(id) ?? 'done';
  const skip: { job: JobId; because: JobId }[] = [];
  const start: JobId[] = [];
  let unfinished = false;
  for (const node of nodes) {
    const here = at(node.id);
    if (here === 'running') unfinished = true;
    if (here !== 'waiting') continue;
    const blocker = node.always ? undefined : node.ancestors.find((id) => at(id) === 'red');
    if (blocker !== undefined) {
      skip.push({ job: node.id, because: blocker });
      continue;
    }
    unfinished = true;
    const ready = node.inputs.every((id) => at(id) === 'done' || at(id) === 'red');
    if (ready && start.length < room) start.push(node.id);
  }
  return { start, skip, over: !unfinished };
}
