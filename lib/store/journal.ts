/**
 * The sink that writes a run down while it happens: jobs, outputs, logs, the container.
 *
 * Writes are synchronous and small, so hearing an event is having recorded it, but for output, which waits a
 * moment for company. A job's log is on disk before its final `job.yml`.
 * Must not know: who causes the events, or when the run is over.
 */
import { join } from 'node:path';
import type { Timestamp } from '../base/clock.ts';
import { type FileFailure, type FileResult, writeFile } from '../base/files.ts';
import type { JobId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import type { JobRecord } from '../runs/records.ts';
import { jobDirectory, logFile, type Modes } from './layout.ts';
import type { Mark } from './log-line.ts';
import { LogWriter } from './log-writer.ts';
import { outputsText } from './outputs.ts';
import { containerText, pendingJob } from './records.ts';
import { makeJobDirectory, milliseconds, putJob, putRecord } from './run-files.ts';

/** Where a journal writes: an active run, or a directory of a local run. */
export type JournalPlace = { readonly directory: string; readonly modes: Modes };

export type JournalOptions = {
  /** Raw output bytes of a job that are logged, over streams and attempts. Default 256 MiB. */
  readonly logLimit?: number;
  /** Told of every write that failed; the journal goes on and tries the next. */
  readonly trouble: (failure: FileFailure) => void;
};

export interface Journal extends Sink {
  hear(event: RunEvent): void;
  /** Writes what still waits and closes the logs. Events may follow: they open what they need. */
  close(): void;
}

const defaultLogLimit = 256 * 1024 * 1024;
/** How long output waits for more before it is written; readers are promised 200 ms. */
const gatherMs = 100;

/** A journal of a run. */
export const journal = (place: JournalPlace, options: JournalOptions): Journal =>
  new RunJournal(place, options);

class RunJournal implements Journal {
  readonly #place: JournalPlace;
  readonly #limit: number;
  readonly #trouble: (failure: FileFailure) => void;
  readonly #target = LogWriter.target();
  readonly #logs = new Map<JobId | null, LogWriter>();
  readonly #jobs = new Map<JobId, JobRecord>();
  /** When the first event came: what `t` counts from in the run's own log. */
  #began: Timestamp | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(place: JournalPlace, options: JournalOptions) {
    this.#place = place;
    this.#limit = options.logLimit ?? defaultLogLimit;
    this.#trouble = options.trouble;
  }

  hear(event: RunEvent): void {
    this.#began ??= event.at;
    switch (event.event) {
      case 'run-started':
        break;
      case 'job-started':
        this.#startJob(event.job, event.attempt, event.at);
        break;
      case 'command-started':
        this.#mark(event.job, { kind: 'command', sh: event.sh, cmd: event.cmd, at: event.at });
        break;
      case 'output':
        this.#output(event.job, event.stream, event.bytes, event.t);
        break;
      case 'run-output': {
        const t = Math.max(0, milliseconds(event.at) - milliseconds(this.#began));
        this.#output(null, event.stream, event.bytes, t);
        break;
      }
      case 'command-finished':
        this.#keep(event.job, { exit: event.exit });
        this.#mark(event.job, { kind: 'exit', exit: event.exit, signal: event.signal, t: event.t });
        break;
      case 'note':
        this.#mark(event.job, { kind: 'note', text: event.text, at: event.at });
        break;
      case 'container':
        this.#tell(this.#put('container.yml', containerText(event.container)));
        break;
      case 'job-finished':
        this.#finishJob(event);
        break;
      case 'run-finished':
        this.close();
        break;
      default:
        unreachable(event);
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const log of this.#logs.values()) this.#tell(log.close());
  }

  #startJob(id: JobId, attempt: number, at: Timestamp): void {
    const { startedAt } = this.#job(id);
    const job = this.#keep(id, { state: 'active', attempt, startedAt: startedAt ?? at, exit: null });
    this.#tell(putJob(this.#place.directory, job, this.#place.modes, false));
    this.#tell(this.#log(id).open());
    if (attempt > 1) this.#mark(id, { kind: 'attempt', attempt, at });
  }

  /** Log, outputs, `job.yml`: a reader who sees the job's end finds all of it. */
  #finishJob(event: Extract<RunEvent, { event: 'job-finished' }>): void {
    const { directory, modes } = this.#place;
    const made = makeJobDirectory(directory, event.job, modes);
    this.#tell(made);
    const log = this.#log(event.job);
    this.#tell(log.open());
    this.#tell(log.sync());
    this.#tell(log.close());
    if (event.outputs !== null) {
      const path = join(jobDirectory(directory, event.job), 'outputs.yml');
      this.#tell(writeFile(path, outputsText(event.outputs), { mode: modes.file, exact: true }));
    }
    const { state, reason, error, exit, at } = event;
    const finishedAt = this.#job(event.job).startedAt === null ? null : at;
    const job = this.#keep(event.job, { state, reason, error, exit, finishedAt });
    this.#tell(putJob(directory, job, modes, true));
  }

  #mark(job: JobId | null, mark: Mark): void {
    this.#tell(this.#log(job).mark(mark));
  }

  #output(job: JobId | null, stream: 'out' | 'err', bytes: Uint8Array, t: number): void {
    this.#tell(this.#log(job).output(stream, bytes, t));
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    this.#timer = null;
    for (const log of this.#logs.values()) {
      if (log.waiting) this.#tell(log.flush());
      if (log.waiting) this.#flushSoon();
    }
  }

  #log(job: JobId | null): LogWriter {
    const known = this.#logs.get(job);
    if (known !== undefined) return known;
    const { directory, modes } = this.#place;
    if (job !== null) this.#tell(makeJobDirectory(directory, job, modes));
    const log = new LogWriter(logFile(directory, job), { modes, limit: this.#limit, target: this.#target });
    this.#logs.set(job, log);
    return log;
  }

  #job(id: JobId): JobRecord {
    return this.#jobs.get(id) ?? pendingJob(id);
  }

  #keep(id: JobId, change: Partial<JobRecord>): JobRecord {
    const job = { ...this.#job(id), ...change };
    this.#jobs.set(id, job);
    return job;
  }

  #put(file: string, text: string): FileResult<void> {
    return putRecord(this.#place.directory, file, text, this.#place.modes);
  }

  #tell(result: FileResult<unknown>): void {
    if (!result.ok) this.#trouble(result.error);
  }
}
