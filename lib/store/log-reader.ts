/**
 * Reads a `log.yml` from any place on, also while it is written: whole lines only, a torn last one waits.
 *
 * Memory is bounded by a chunk and one line. Must not know: who shows it.
 */
import { readRange } from '../base/files.ts';
import type { JobId, RunId } from '../base/ids.ts';
import { ok } from '../base/result.ts';
import type { LogEntry } from '../runs/records.ts';
import { io, type StoreFailure, type StoreResult } from './failures.ts';
import { logFile, type Store } from './layout.ts';
import { parseLogLine } from './log-line.ts';
import { locate } from './read.ts';

const chunkSize = 256 * 1024;

type ReadAt = (offset: number, length: number) => StoreResult<Buffer>;

/**
 * A log being read. Go through its entries; then `offset` is where a follower goes on, and `failure` says why
 * the reading ended early, or is null. It may be gone through again: it then gives what came since.
 */
export class LogReading implements Iterable<LogEntry> {
  readonly #read: ReadAt;
  #offset: number;
  #failure: StoreFailure | null = null;

  constructor(read: ReadAt, offset: number) {
    this.#read = read;
    this.#offset = offset;
  }

  /** The byte just after the last entry that was given. */
  get offset(): number {
    return this.#offset;
  }

  get failure(): StoreFailure | null {
    return this.#failure;
  }

  *[Symbol.iterator](): Generator<LogEntry, void, void> {
    this.#failure = null;
    let pieces: Buffer[] = [];
    let next = this.#offset;
    for (;;) {
      const chunk = this.#read(next, chunkSize);
      if (!chunk.ok) {
        this.#failure = chunk.error;
        return;
      }
      if (chunk.value.length === 0) return;
      next += chunk.value.length;
      let start = 0;
      for (;;) {
        const newline = chunk.value.indexOf(0x0a, start);
        if (newline < 0) break;
        const end = chunk.value.subarray(start, newline);
        const line = pieces.length === 0 ? end : Buffer.concat([...pieces, end]);
        pieces = [];
        start = newline + 1;
        this.#offset += line.length + 1;
        const entry = parseLogLine(line.toString('utf8'));
        if (entry !== null) yield entry;
      }
      if (start < chunk.value.length) pieces.push(chunk.value.subarray(start));
    }
  }
}

export type LogFrom = {
  /** The byte to begin at: 0, or an `offset` of an earlier reading. Default 0. */
  readonly from?: number;
};

/** The log of a job, or with null the run's own. A job that has said nothing has an empty one. */
export function readLog(store: Store, id: RunId, job: JobId | null, { from = 0 }: LogFrom = {}): LogReading {
  return new LogReading((offset, length) => {
    // The run may move between two chunks; its log goes with it.
    for (let look = 0; ; look += 1) {
      const place = locate(store, id);
      if (!place.ok) return place;
      const bytes = readRange(logFile(place.value.directory, job), offset, length);
      if (bytes.ok) return bytes;
      if (bytes.error.reason !== 'missing') return io(bytes.error);
      const now = locate(store, id);
      if ((now.ok && now.value.state === place.value.state) || look > 4) return ok(Buffer.alloc(0));
    }
  }, from);
}

/** The same from a directory with a run's files that is in no store. */
export function readLogIn(directory: string, job: JobId | null, { from = 0 }: LogFrom = {}): LogReading {
  return new LogReading((offset, length) => {
    const bytes = readRange(logFile(directory, job), offset, length);
    if (bytes.ok) return bytes;
    return bytes.error.reason === 'missing' ? ok(Buffer.alloc(0)) : io(bytes.error);
  }, from);
}
