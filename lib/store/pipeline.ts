/**
 * What evaluation found, written once: the jobs first, each `pending`, and `pipeline.yml` as their commit record.
 *
 * A death before `pipeline.yml` leaves jobs that no record names: the next evaluation writes over them. A second
 * evaluation only compares. While a run is pending nothing depends on its pipeline: one that a power loss takes or
 * empties reads as not written, and the run is evaluated again. So the pusher does not wait for the disk; whoever
 * takes the run out of `pending` syncs it first.
 * Must not know: how a pipeline is evaluated.
 */
import { join } from 'node:path';
import { type FileResult, removeTree, syncFile, writeFile } from '../base/files.ts';
import type { JobId, RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import type { PipelineRecord } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';
import { io, type StoreResult } from './failures.ts';
import { jobDirectory, type Modes, runDirectory, type Store } from './layout.ts';
import type { Claim } from './proofs.ts';
import { locate } from './read.ts';
import { pendingJob, pipelineText } from './records.ts';
import { listJobs, makeJobDirectory, putJob, readJob, readPipeline } from './run-files.ts';
import { reading } from './yaml.ts';

export type PipelineWritten =
  | 'written'
  /** Another evaluation was first, and found the same. */
  | 'same'
  /** Another evaluation was first, and found something else: the pipeline is not deterministic. */
  | 'differs';

/** The run has left `pending` (null: it is gone): its end, or its owner, has no use for this evaluation. */
export type RunMoved = { readonly moved: RunState | null };

/**
 * Records the pipelines of pending runs. Without a lock, since a pusher waits: a run that leaves `pending` at the same
 * moment takes along what is in it by then, and its end sees to the jobs in there (`settle`). What comes after
 * that finds no directory any more.
 */
export async function recordPipelines(
  store: Store,
  evaluated: readonly { readonly id: RunId; readonly pipeline: PipelineRecord }[],
): Promise<StoreResult<(PipelineWritten | RunMoved)[]>> {
  const answers: (PipelineWritten | RunMoved)[] = [];
  for (const { id, pipeline } of evaluated) {
    const written = await writePipeline(runDirectory(store, 'pending', id), pipeline, store.modes, false);
    if (written.ok) {
      answers.push(written.value);
      continue;
    }
    const place = locate(store, id);
    if (place.ok ? place.value.state === 'pending' : place.error.reason !== 'not-found') return written;
    answers.push({ moved: place.ok ? place.value.state : null });
  }
  return ok(answers);
}

/** The same by the owner of an active run. */
export const claimPipeline = (
  claim: Claim,
  pipeline: PipelineRecord,
): Promise<StoreResult<PipelineWritten>> => writePipeline(claim.directory, pipeline, claim.store.modes);

/** Puts what was recorded of a pending run's pipeline on disk; nothing, where nothing was. */
export function syncPipeline(directory: string): FileResult<void> {
  const synced = syncFile(join(directory, 'pipeline.yml'));
  return synced.ok || synced.error.reason !== 'missing' ? synced : ok(undefined);
}

/** Writes `pipeline.yml` and the jobs into a run's directory, or compares with what is there. */
export async function writePipeline(
  directory: string,
  pipeline: PipelineRecord,
  modes: Modes,
  durable = true,
): Promise<StoreResult<PipelineWritten>> {
  const text = pipelineText(pipeline);
  const before = await reading(() => readPipeline(directory));
  if (!before.ok && before.error.reason === 'io') return io(before.error.failure);
  if (before.ok && before.value !== null) {
    return ok(pipelineText(before.value) === text ? 'same' : 'differs');
  }
  const jobs = pipeline.kind === 'jobs' ? pipeline.jobs : [];
  const there = listJobs(directory);
  if (!there.ok) return io(there.error);
  const cleared = clearOtherJobs(directory, there.value, new Set(jobs.map(({ id }) => id)));
  if (!cleared.ok) return cleared;
  for (const { id } of jobs) {
    const job = there.value.includes(id) ? await reading(() => readJob(directory, id)) : null;
    if (job !== null && !job.ok && job.error.reason === 'io') return io(job.error.failure);
    // A job that was taken over from another run is over already.
    if (job?.ok && job.value.state !== 'pending') continue;
    const made = makeJobDirectory(directory, id, modes);
    const put = made.ok ? putJob(directory, pendingJob(id), modes, false) : made;
    if (!put.ok) return io(put.error);
  }
  const written = writeFile(join(directory, 'pipeline.yml'), text, {
    mode: modes.file,
    exact: true,
    durable,
  });
  return written.ok ? ok('written') : io(written.error);
}

/** What an evaluation that died, or found other jobs, left behind. */
function clearOtherJobs(
  directory: string,
  there: readonly JobId[],
  named: ReadonlySet<string>,
): StoreResult<void> {
  for (const id of there.filter((job) => !named.has(job))) {
    const gone = removeTree(jobDirectory(directory, id));
    if (!gone.ok) return io(gone.error);
  }
  return ok(undefined);
}
