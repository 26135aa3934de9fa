/**
 * `history.yml`: finished runs, a line each, in the order in which they ended.
 *
 * Derived: every line follows from a run's records, and the order from the lines, so a rebuild gives the same
 * bytes and deleting the file loses nothing. A line is appended under the history lock; where another run that
 * ended later was faster to append, the file is written anew with the line in its place.
 * Must not know: who shows it.
 */
import { timestamp } from '../base/clock.ts';
import { type FileFailure, openAppender, readBytes, readRange, status, writeFile } from '../base/files.ts';
import { type RunId, timeOf } from '../base/ids.ts';
import { err, ok } from '../base/result.ts';
import type { HistoryLine } from '../runs/records.ts';
import { type FinalState, finalStates, type OutcomeName } from '../runs/states.ts';
import { fromDisk, io, type StoreResult } from './failures.ts';
import { historyFile, runDirectory, type Store } from './layout.ts';
import { holding } from './locks.ts';
import { inPlace, listRuns, readOwnMeta } from './read.ts';
import { historyText, parseHistory, parseOutcome, parseTimes } from './records.ts';
import { type ReadResult, readRecord } from './run-files.ts';
import { cutTornLine } from './torn.ts';
import { reading } from './yaml.ts';

const chunkSize = 64 * 1024;

export type HistoryPage = {
  /** The newest first. */
  readonly lines: readonly HistoryLine[];
  /** What `before` is for the page after this one; null when there is none. */
  readonly next: number | null;
};

/**
 * Lines from the end of the history, or from a place that an earlier page named. Lines of runs that are gone are
 * left out. What this costs depends on how many are asked for, not on how many there are.
 */
export function readHistory(
  store: Store,
  options: { readonly newest: number; readonly before?: number },
): Promise<StoreResult<HistoryPage>> {
  return reading(() => {
    const source = openSource(store);
    if (!source.ok) return source;
    const lines: HistoryLine[] = [];
    let next = Math.min(options.before ?? Number.POSITIVE_INFINITY, source.value.size);
    for (const { text, start } of linesBackwards(source.value, next)) {
      if (!text.ok) return io(text.error);
      if (lines.length >= options.newest) return ok({ lines, next });
      next = start;
      const line = parseHistory(text.value);
      if (line.ok && isThere(store, line.value)) lines.push(line.value);
    }
    return ok({ lines, next: null });
  });
}

const isThere = (store: Store, line: HistoryLine): boolean =>
  status(runDirectory(store, line.state, line.id)).ok;

/** The line of the run with this number, when the history has one. */
export function findInHistory(store: Store, number: number): Promise<StoreResult<HistoryLine | null>> {
  const own = `- {"number": ${number}, `;
  return reading(() => {
    const source = openSource(store);
    if (!source.ok) return source;
    for (const { text } of linesBackwards(source.value, source.value.size)) {
      if (!text.ok) return io(text.error);
      // Nearly all lines are in our own hand and tell by their first letters that they are not the one.
      if (text.value.startsWith('- {"number": ') && !text.value.startsWith(own)) continue;
      const line = parseHistory(text.value);
      if (line.ok && line.value.number === number && isThere(store, line.value)) return ok(line.value);
    }
    return ok(null);
  });
}

/** Every line, the oldest first. */
export async function wholeHistory(store: Store): Promise<StoreResult<HistoryLine[]>> {
  const page = await readHistory(store, { newest: Number.POSITIVE_INFINITY });
  return page.ok ? ok([...page.value.lines].reverse()) : page;
}

/**
 * Adds a finished run. Doing it again changes nothing, so a death before or after needs no memory of which:
 * settling the run's mark does it once more. A run that can't be read has no line.
 */
export async function appendHistory(store: Store, id: RunId): Promise<StoreResult<void>> {
  const line = await lineOf(store, id);
  if (!line.ok) return line.error.reason === 'io' ? line : ok(undefined);
  return holding(store, 'history', () => reading(() => insert(store, line.value)));
}

function insert(store: Store, line: HistoryLine): StoreResult<void> {
  const path = historyFile(store);
  const end = cutTornLine(path);
  if (!end.ok) return end.error.reason === 'missing' ? rebuildNow(store) : io(end.error);
  let place = end.value;
  for (const { text, start } of linesBackwards({ size: end.value, read: rangeOf(path) }, end.value)) {
    if (!text.ok) return io(text.error);
    const other = parseHistory(text.value);
    if (other.ok && other.value.id === line.id) return ok(undefined);
    if (other.ok && endedBefore(other.value, line)) break;
    place = start;
  }
  return place === end.value ? appendLine(store, line) : spliceLine(store, line, place);
}

/** The order of the file: by end, and runs that ended in the same millisecond by number. */
function endedBefore(one: HistoryLine, other: HistoryLine): boolean {
  if (one.finishedAt !== other.finishedAt) return one.finishedAt < other.finishedAt;
  return (one.number ?? 0) < (other.number ?? 0);
}

function appendLine(store: Store, line: HistoryLine): StoreResult<void> {
  const appender = openAppender(historyFile(store), store.modes.file);
  if (!appender.ok) return io(appender.error);
  const written = appender.value.append(historyText(line));
  const synced = written.ok ? appender.value.sync() : written;
  appender.value.close();
  return fromDisk(synced);
}

function spliceLine(store: Store, line: HistoryLine, place: number): StoreResult<void> {
  const all = readBytes(historyFile(store));
  if (!all.ok) return io(all.error);
  const text = Buffer.concat([
    all.value.subarray(0, place),
    Buffer.from(historyText(line)),
    all.value.subarray(place),
  ]);
  return fromDisk(writeFile(historyFile(store), text, { mode: store.modes.file, exact: true }));
}

/** Writes the history anew from the records alone. */
export const rebuildHistory = (store: Store): Promise<StoreResult<void>> =>
  holding(store, 'history', () => reading(() => rebuildNow(store)));

/** Writes a history that was deleted anew; nothing where no run has finished. */
export async function mendHistory(store: Store): Promise<StoreResult<void>> {
  if (status(historyFile(store)).ok) return ok(undefined);
  return holding(store, 'history', () =>
    reading(() => {
      if (status(historyFile(store)).ok) return ok(undefined);
      const lines = linesOfRecords(store);
      if (!lines.ok) return lines;
      return lines.value.length === 0 ? ok(undefined) : writeHistory(store, lines.value);
    }),
  );
}

/** Writes the history without the runs that are gone, as a rebuild would, but from its lines. */
export async function compactHistory(store: Store): Promise<StoreResult<void>> {
  return holding(store, 'history', async () => {
    if (!status(historyFile(store)).ok) return ok(undefined);
    const lines = await wholeHistory(store);
    return lines.ok ? writeHistory(store, lines.value) : lines;
  });
}

function rebuildNow(store: Store): StoreResult<void> {
  const lines = linesOfRecords(store);
  return lines.ok ? writeHistory(store, lines.value) : lines;
}

const writeHistory = (store: Store, lines: readonly HistoryLine[]): StoreResult<void> =>
  fromDisk(
    writeFile(historyFile(store), lines.map(historyText).join(''), { mode: store.modes.file, exact: true }),
  );

/** The lines that the records give, in the order of the file. Only within `reading`. */
function linesOfRecords(store: Store): StoreResult<HistoryLine[]> {
  const lines: HistoryLine[] = [];
  for (const state of finalStates) {
    const ids = listRuns(store, state);
    if (!ids.ok) return ids;
    for (const id of ids.value) {
      const line = readLineIn(runDirectory(store, state, id), id, state);
      if (line.ok) lines.push(line.value);
      else if (line.error.reason === 'io') return io(line.error.failure);
    }
  }
  return ok(lines.sort((a, b) => (endedBefore(a, b) ? -1 : 1)));
}

const lineOf = (store: Store, id: RunId): Promise<StoreResult<HistoryLine>> =>
  reading(() =>
    inPlace(store, id, ({ state, directory }) => {
      const final = finalStates.find((name) => name === state);
      if (final === undefined) return err({ reason: 'bad', file: '.', problem: 'not finished' });
      return readLineIn(directory, id, final);
    }),
  );

/** A run that can't be read is a line too, or nobody would ever hear of it. */
function readLineIn(directory: string, id: RunId, state: FinalState): ReadResult<HistoryLine> {
  const meta = known(readOwnMeta(directory, id));
  if (!meta.ok) return meta;
  const times = known(readRecord(directory, 'times.yml', parseTimes));
  if (!times.ok) return times;
  const outcome = known(readRecord(directory, 'outcome.yml', parseOutcome));
  if (!outcome.ok) return outcome;
  const { number = null, ref = null, sha = null } = meta.value ?? {};
  const { createdAt = timestamp(timeOf(id)), finishedAt = null } = times.value ?? {};
  return ok({
    number,
    id,
    state,
    outcome: outcome.value?.outcome ?? plainOutcome[state],
    ref,
    sha,
    createdAt,
    finishedAt: finishedAt ?? createdAt,
  });
}

/** Null for a record that is none; what the machine does not give stays a failure. */
const known = <T>(read: ReadResult<T>): ReadResult<T | null> =>
  read.ok || read.error.reason === 'io' ? read : ok(null);

const plainOutcome: Readonly<Record<FinalState, OutcomeName>> = {
  complete: 'succeeded',
  failed: 'failed-internal',
  replaced: 'replaced',
  canceled: 'canceled',
};

type Source = {
  readonly size: number;
  readonly read: (offset: number, length: number) => ReturnType<typeof readRange>;
};

const rangeOf =
  (path: string): Source['read'] =>
  (offset, length) =>
    readRange(path, offset, length);

/** The file, or, when it was deleted, what a rebuild would write. */
function openSource(store: Store): StoreResult<Source> {
  const path = historyFile(store);
  const size = status(path);
  if (size.ok) return ok({ size: size.value.size, read: rangeOf(path) });
  if (size.error.reason !== 'missing') return io(size.error);
  const lines = linesOfRecords(store);
  if (!lines.ok) return lines;
  const bytes = Buffer.from(lines.value.map(historyText).join(''));
  return ok({ size: bytes.length, read: (offset, length) => ok(bytes.subarray(offset, offset + length)) });
}

type LineBackwards = {
  readonly text:
    | { readonly ok: true; readonly value: string }
    | { readonly ok: false; readonly error: FileFailure };
  /** Where the line begins. */
  readonly start: number;
};

/** Whole lines before an offset, the last one first; what follows the last newline is torn and left out. */
function* linesBackwards(source: Source, before: number): Generator<LineBackwards> {
  let end = before;
  let rest: Buffer = Buffer.alloc(0);
  let torn = true;
  while (end > 0) {
    const from = Math.max(0, end - chunkSize);
    const chunk = source.read(from, end - from);
    if (!chunk.ok) {
      yield { text: chunk, start: end };
      return;
    }
    const bytes = Buffer.concat([chunk.value, rest]);
    let until = bytes.length;
    if (torn) until = bytes.lastIndexOf(0x0a) + 1;
    torn = torn && until === 0;
    while (until > 0) {
      const newline = until < 2 ? -1 : bytes.lastIndexOf(0x0a, until - 2);
      if (newline < 0 && from > 0) break;
      yield { text: ok(bytes.toString('utf8', newline + 1, until - 1)), start: from + newline + 1 };
      until = newline + 1;
    }
    rest = bytes.subarray(0, torn ? bytes.length : until);
    end = from;
  }
}
