/**
 * One read of a log, into the page's view and into `log.txt` and its parts.
 *
 * `log.txt` of a job that is over is written in one pass. While the job runs it is written anew at every look while it is
 * small, then when it has doubled, and not past 8 MiB: that costs at most twice 8 MiB, whatever the log becomes. The
 * page's view goes on from where the last look ended.
 * Must not know: markup, what a job is.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { JobId, RunId } from '../base/ids.ts';
import type { LogEntry } from '../runs/records.ts';
import type { StoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import { logPieces, type Pieces, textOf } from './log-pieces.ts';
import { type LogFold, type LogView, logFold } from './log-view.ts';
import type { Output } from './output.ts';
import type { LogFiles } from './run-page.ts';

/** Entries from an offset on; then `offset` says where to go on, and `failure` why the reading ended early. */
export type LogSource = (
  from: number,
) => Iterable<LogEntry> & { readonly offset: number; readonly failure: StoreFailure | null };

export type LogLook = { readonly view: LogView; readonly files: LogFiles };

type Place = { readonly id: RunId; readonly job: JobId | null };

/** Up to here `log.txt` follows a running job at every look, up to there at every doubling. */
const liveSmall = 256 * 1024;
const liveLimit = 8 * 1024 * 1024;
/** A text longer than this is also there in parts, which a browser opens with ease. */
const partsFrom = 8 * 1024 * 1024;
const partSize = 4 * 1024 * 1024;
/** So much of a log is taken before anything else may run. */
const stretch = 1024 * 1024;

/** Takes every entry from an offset on and lets other work run in between; answers the offset reached. */
async function readOn(source: LogSource, from: number, take: (entry: LogEntry) => void): Promise<number> {
  let offset = from;
  for (;;) {
    const reading = source(offset);
    let full = false;
    for (const entry of reading) {
      take(entry);
      if (reading.offset - offset >= stretch) {
        full = true;
        break;
      }
    }
    offset = Math.max(offset, reading.offset);
    if (!full) return offset;
    await breathe();
  }
}

/** The log of something that is over: its view, and `log.txt` with its parts. */
export async function publishWholeLog(output: Output, place: Place, source: LogSource): Promise<LogLook> {
  const fold = logFold();
  const text = textFile(output, place);
  const pieces = logPieces((piece) => {
    fold.push(piece);
    if (piece.kind === 'lines') text.addLines(piece.text);
    else text.add(textOf(piece), piece.kind !== 'text' || piece.ends);
  });
  await readOn(source, 0, pieces.push);
  pieces.end();
  return { view: fold.view([]), files: text.commit() };
}

type TextFile = {
  add(text: string, atLineEnd: boolean): void;
  /** Whole lines: a part ends after the one that fills it. */
  addLines(lines: string): void;
  commit(): LogFiles;
};

/** `log.txt`, and its parts once it is long. */
function textFile(output: Output, place: Place): TextFile {
  const whole = output.long(addresses.logFile(place.id, place.job));
  let bytes = 0;
  let part: string[] = [];
  let partBytes = 0;
  /** Parts that are held back until the text turns out to be long. */
  let held: string[] = [];
  let parts = 0;
  const endPart = (): void => {
    held.push(part.join(''));
    part = [];
    partBytes = 0;
    if (bytes <= partsFrom) return;
    for (const content of held) {
      parts += 1;
      output.write(addresses.logPart(place.id, place.job, parts), content);
    }
    held = [];
  };
  const add = (text: string, atLineEnd: boolean): void => {
    const size = Buffer.byteLength(text);
    whole.add(text);
    part.push(text);
    bytes += size;
    partBytes += size;
    if (partBytes >= partSize && (atLineEnd || partBytes >= 2 * partSize)) endPart();
  };
  return {
    add,
    addLines: (lines) => {
      for (let from = 0; from < lines.length; ) {
        const rest = lines.slice(from);
        const taken = endOfFilling(rest, partSize - partBytes);
        add(rest.slice(0, taken), true);
        from += taken;
      }
    },
    commit: () => {
      if (bytes === 0 && place.job === null) {
        whole.drop();
        return noLogFiles;
      }
      whole.commit();
      if (partBytes > 0 && bytes > partsFrom) endPart();
      return {
        text: addresses.logFile(place.id, place.job),
        size: sayBytes(bytes),
        parts: Array.from({ length: parts }, (_, index) => addresses.logPart(place.id, place.job, index + 1)),
      };
    },
  };
}

/** Where the line ends that fills so many bytes, or else the last one. */
function endOfFilling(lines: string, room: number): number {
  // No character takes more than three bytes for each unit of its text.
  if (lines.length * 3 < room) return lines.length;
  const bytes = Buffer.from(lines);
  const newline = bytes.indexOf('\n', Math.max(0, room - 1));
  return newline < 0 ? lines.length : bytes.toString('utf8', 0, newline + 1).length;
}

/** A run has a log of its own only when it said something; a job always has one. */
export const noLogFiles: LogFiles = { text: null, size: null, parts: [] };

export function sayBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The log of a running job, looked at again and again. */
export type LiveLog = {
  look(output: Output, source: LogSource): Promise<LogLook>;
};

export function liveLog(place: Place): LiveLog {
  const fold: LogFold = logFold();
  const pieces: Pieces = logPieces(fold.push);
  let offset = 0;
  let textOffset = -1;
  return {
    look: async (output, source) => {
      offset = await readOn(source, offset, pieces.push);
      if (offset === 0 && place.job === null) return { view: fold.view([]), files: noLogFiles };
      const grown = offset > textOffset && (offset <= liveSmall || offset >= 2 * textOffset);
      if (textOffset < 0 || (grown && offset <= liveLimit)) {
        textOffset = offset;
        await writeLiveText(output, place, source, offset);
      }
      return {
        view: fold.view(pieces.pending()),
        files: { text: addresses.logFile(place.id, place.job), size: null, parts: [] },
      };
    },
  };
}

async function writeLiveText(output: Output, place: Place, source: LogSource, until: number): Promise<void> {
  const text = output.long(addresses.logFile(place.id, place.job));
  const pieces = logPieces((piece) => text.add(textOf(piece)));
  if (until > 0 && until <= liveLimit) await readOn(source, 0, pieces.push);
  text.commit();
}
