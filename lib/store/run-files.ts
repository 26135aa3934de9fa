/**
 * The small files of one run's directory: read whole, written whole.
 *
 * Must not know: which state the directory is in, or the order in which its files come to be.
 */
import { join } from 'node:path';
import { parseTimestamp, type Timestamp, timestamp } from '../base/clock.ts';
import { type FileFailure, type FileResult, listEntries, readText, writeFile } from '../base/files.ts';
import { type JobId, parseJobId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { JobRecord, PipelineRecord, Times } from '../runs/records.ts';
import { jobDirectory, type Modes, makeOwnDirectory } from './layout.ts';
import {
  jobText,
  type Parsed,
  parseJob,
  parsePipeline,
  parseTimes,
  pendingJob,
  timesText,
} from './records.ts';

/** Why a file gave no record. Trouble of the machine is never taken for bad content. */
export type ReadProblem =
  | { readonly reason: 'missing'; readonly file: string }
  | { readonly reason: 'bad'; readonly file: string; readonly problem: string }
  | { readonly reason: 'io'; readonly failure: FileFailure };

export type ReadResult<T> = Result<T, ReadProblem>;

/** One record of a directory. Only within `reading`. */
export function readRecord<T>(
  directory: string,
  file: string,
  parse: (text: string) => Parsed<T>,
): ReadResult<T> {
  const text = readText(join(directory, file));
  if (!text.ok) {
    if (text.error.reason === 'missing') return err({ reason: 'missing', file });
    // A directory where a file should be does not go away by trying again.
    if (text.error.reason === 'not-a-file') return err({ reason: 'bad', file, problem: 'not a file' });
    return err({ reason: 'io', failure: text.error });
  }
  const parsed = parse(text.value);
  return parsed.ok ? parsed : err({ reason: 'bad', file, problem: parsed.error });
}

/** The same for a record that need not be there. */
export function readOptional<T>(
  directory: string,
  file: string,
  parse: (text: string) => Parsed<T>,
): ReadResult<T | null> {
  const read = readRecord(directory, file, parse);
  return !read.ok && read.error.reason === 'missing' ? ok(null) : read;
}

/** Replaces a record; on disk when this returns, unless somebody syncs many at once afterwards. */
export const putRecord = (
  directory: string,
  file: string,
  text: string,
  modes: Modes,
  durable = true,
): FileResult<void> => writeFile(join(directory, file), text, { mode: modes.file, exact: true, durable });

/**
 * Writes a job's record. Only a final one is made to survive a power loss: until then the record follows from
 * `pipeline.yml`, and one that is missing or empty reads as pending.
 */
export function putJob(directory: string, job: JobRecord, modes: Modes, durable: boolean): FileResult<void> {
  const path = jobDirectory(directory, job.id);
  const options = { mode: modes.file, exact: true, durable };
  const written = writeFile(join(path, 'job.yml'), jobText(job), options);
  if (written.ok || written.error.reason !== 'missing') return written;
  const made = makeJobDirectory(directory, job.id, modes);
  return made.ok ? writeFile(join(path, 'job.yml'), jobText(job), options) : made;
}

/**
 * Makes `jobs/<job>/` in a run's directory, which itself is never made here: a run that has moved away is
 * `missing`, and nothing comes to be in its old place.
 */
export function makeJobDirectory(directory: string, job: JobId, modes: Modes): FileResult<void> {
  let path = directory;
  for (const part of ['jobs', ...job.split('/')]) {
    path = join(path, part);
    const made = makeOwnDirectory(path, modes);
    if (!made.ok && made.error.reason !== 'exists') return made;
  }
  return ok(undefined);
}

/** A job's record; one that is missing or was emptied by a power loss is pending. Only within `reading`. */
export function readJob(directory: string, id: JobId): ReadResult<JobRecord> {
  const file = join('jobs', id, 'job.yml');
  const read = readOptional(directory, file, (text) => (text === '' ? ok(pendingJob(id)) : parseJob(text)));
  if (!read.ok) return read;
  const job = read.value ?? pendingJob(id);
  return job.id === id ? ok(job) : err({ reason: 'bad', file, problem: `'id' is not '${id}'` });
}

/** What evaluation found, or null. A file that a power loss emptied was never written. Only within `reading`. */
export const readPipeline = (directory: string): ReadResult<PipelineRecord | null> =>
  readOptional<PipelineRecord | null>(directory, 'pipeline.yml', (text) =>
    text === '' ? ok(null) : parsePipeline(text),
  );

/** The jobs that have a directory, built-in ones included, by name. */
export function listJobs(directory: string): FileResult<JobId[]> {
  const found: JobId[] = [];
  for (const [below, prefix] of [
    ['jobs', ''],
    ['jobs/quire', 'quire/'],
  ] as const) {
    const entries = listEntries(join(directory, below));
    if (!entries.ok) {
      if (entries.error.reason === 'missing') continue;
      return entries;
    }
    for (const { name, kind } of entries.value) {
      const id = parseJobId(`${prefix}${name}`);
      if (kind === 'directory' && id.ok) found.push(id.value);
    }
  }
  return ok(found.sort());
}

/**
 * Sets a stamp that is not set yet, between the ones before and after it: a clock that jumps back must not make a
 * run end before it began, nor somebody who died while ending a pending run, which then ran all the same.
 */
export function stamp(times: Times, key: 'startedAt' | 'finishedAt', now: number): Times {
  if (times[key] !== null) return times;
  const earlier = [times.createdAt, times.startedAt].map((at) => (at === null ? 0 : milliseconds(at)));
  const later = times.finishedAt === null ? Number.POSITIVE_INFINITY : milliseconds(times.finishedAt);
  return { ...times, [key]: timestamp(Math.min(later, Math.max(now, ...earlier))) };
}

export const milliseconds = (at: Timestamp): number => parseTimestamp(at) ?? 0;

export const readTimes = (directory: string): ReadResult<Times> =>
  readRecord(directory, 'times.yml', parseTimes);

export const putTimes = (directory: string, times: Times, modes: Modes, durable = true): FileResult<void> =>
  putRecord(directory, 'times.yml', timesText(times), modes, durable);
