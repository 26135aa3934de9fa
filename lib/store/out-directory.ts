/**
 * A run's files in a directory of the user's choice: `quire ci run --out-dir`. The same shapes, no states.
 *
 * Must not know: the data directory's layout, locks.
 */
import { join } from 'node:path';
import { type Clock, systemClock, timestamp } from '../base/clock.ts';
import { exists, makeDirectory, remove, removeTree } from '../base/files.ts';
import { err, ok } from '../base/result.ts';
import type { Meta, Outcome, PipelineRecord } from '../runs/records.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { type Modes, modesOf } from './layout.ts';
import { writePipeline } from './pipeline.ts';
import { metaText, outcomeText, parseMeta } from './records.ts';
import { putRecord, putTimes, readOptional, readTimes, stamp } from './run-files.ts';
import { reading } from './yaml.ts';

export type OutDirectory = { readonly directory: string; readonly modes: Modes; readonly clock: Clock };

const records = ['meta.yml', 'times.yml', 'pipeline.yml', 'outcome.yml', 'container.yml', 'log.yml'];

/** Begins a run in a directory; the files of an earlier run there are replaced, anything else is left alone. */
export async function openOutDirectory(
  directory: string,
  meta: Meta,
  options: { readonly clock?: Clock; readonly mode?: number } = {},
): Promise<StoreResult<OutDirectory>> {
  const out = { directory, modes: modesOf(options.mode ?? 0o644), clock: options.clock ?? systemClock };
  const made = makeDirectory(directory);
  if (!made.ok) return io(made.error);
  const cleared = await clearEarlierRun(directory);
  if (!cleared.ok) return cleared;
  const written = putRecord(directory, 'meta.yml', metaText(meta), out.modes);
  if (!written.ok) return io(written.error);
  const now = timestamp(out.clock());
  const begun = putTimes(directory, { createdAt: now, startedAt: now, finishedAt: null }, out.modes);
  return begun.ok ? ok(out) : io(begun.error);
}

/** Files and `jobs/` are ours to remove only where a run was: next to a `meta.yml` that is a run's. */
async function clearEarlierRun(directory: string): Promise<StoreResult<void>> {
  const meta = await reading(() => readOptional(directory, 'meta.yml', (text) => parseMeta(text, 0)));
  if (!meta.ok) {
    if (meta.error.reason === 'io') return io(meta.error.failure);
    return err({ reason: 'in-the-way', path: join(directory, 'meta.yml') });
  }
  if (meta.value === null) {
    const strange = ['jobs', ...records].map((name) => join(directory, name)).find(exists);
    return strange === undefined ? ok(undefined) : err({ reason: 'in-the-way', path: strange });
  }
  const gone = removeTree(join(directory, 'jobs'));
  if (!gone.ok) return io(gone.error);
  for (const file of [...records].reverse()) {
    const removed = remove(join(directory, file));
    if (!removed.ok) return io(removed.error);
  }
  return ok(undefined);
}

/** What evaluation found. */
export async function outPipeline(out: OutDirectory, pipeline: PipelineRecord): Promise<StoreResult<void>> {
  const written = await writePipeline(out.directory, pipeline, out.modes);
  return written.ok ? ok(undefined) : written;
}

/** How it ended. */
export async function outFinish(out: OutDirectory, outcome: Outcome): Promise<StoreResult<void>> {
  const times = await reading(() => readTimes(out.directory));
  if (times.ok) {
    const stamped = putTimes(out.directory, stamp(times.value, 'finishedAt', out.clock()), out.modes);
    if (!stamped.ok) return io(stamped.error);
  } else if (times.error.reason === 'io') return io(times.error.failure);
  return fromDisk(putRecord(out.directory, 'outcome.yml', outcomeText(outcome), out.modes));
}
