/**
 * Failures of Lua as places and words of the files that people wrote.
 *
 * Chunks are loaded with the lines of their Fennel, so that Lua's own messages name them; what is added here
 * is the column.
 * Must not know: what was being evaluated.
 */
import type { Note } from '../base/diagnostic.ts';
import type { Place } from '../fennel/forms.ts';
import type { Chunk } from '../fennel/host.ts';
import { bytesOf, type Frame, type LuaFailure, type Source, textOf } from '../lua/vm.ts';

/** A chunk of the Fennel compiler, as a VM loads it. */
export const sourceOfChunk = (chunk: Chunk): Source => ({
  name: chunk.name,
  lua: bytesOf(chunk.lua),
  lines: chunk.lines.map((place) => (place === null ? null : { file: place.file, line: place.start.line })),
});

/** The chunk of a name, if it was made from Fennel. */
export type ChunkFinder = (name: string) => Chunk | null;

/** A position as Lua writes it before a message. */
export type Position = { readonly file: string; readonly line: number; readonly message: string };

/** Takes `file:line: ` off a message, if the file is one of these. */
export function positionIn(message: string, files: Iterable<string>): Position | null {
  for (const file of files) {
    if (!message.startsWith(`${file}:`)) continue;
    const [, line, rest] = /^(\d+): (.*)$/s.exec(message.slice(file.length + 1)) ?? [];
    if (line !== undefined && rest !== undefined) return { file, line: Number(line), message: rest };
  }
  return null;
}

/** A message without the position that Lua wrote before it. */
export const stripPosition = (message: string, files: Iterable<string>): string =>
  positionIn(message, files)?.message ?? message;

/** The place that a frame is at: with its column, where its chunk knows one. */
export function placeOfFrame(frame: Frame, chunkOf: ChunkFinder): Place {
  if (frame.source === null || frame.line === null || frame.line < 1) return null;
  const chunk = frame.chunk === null ? null : chunkOf(frame.chunk);
  const place = chunk?.lines[(frame.textLine ?? 0) - 1] ?? null;
  if (place !== null && place.start.line === frame.line && place.file === frame.source) return place;
  return lineSpan(frame.source, frame.line);
}

/** A whole line, for want of a column. */
const lineSpan = (file: string, line: number): NonNullable<Place> => ({
  file,
  start: { line, column: 1 },
  end: { line, column: 2 },
});

/** Where a failure came from: the position in its message, else the innermost frame that has one. */
export function placeOfFailure(failure: LuaFailure, chunkOf: ChunkFinder, files: Iterable<string>): Place {
  const message = failure.reason === 'raised' && typeof failure.value === 'string' ? failure.value : '';
  const position = positionIn(textOf(message), files);
  if (position !== null) {
    const frame = failure.frames.find((one) => one.source === position.file && one.line === position.line);
    return frame === undefined ? lineSpan(position.file, position.line) : placeOfFrame(frame, chunkOf);
  }
  for (const frame of failure.frames) {
    const place = placeOfFrame(frame, chunkOf);
    if (place !== null) return place;
  }
  return null;
}

/** More calls than this tell nobody anything. */
const mostNotes = 8;

/** The calls that led to a failure, the innermost first, those at the failure's own place left out. */
export function traceNotes(failure: LuaFailure, at: Place, chunkOf: ChunkFinder): Note[] {
  const notes: Note[] = [];
  for (const frame of failure.frames) {
    const span = placeOfFrame(frame, chunkOf);
    if (span === null || (at !== null && span.file === at.file && span.start.line === at.start.line))
      continue;
    const last = notes.at(-1)?.span;
    if (last !== undefined && last.file === span.file && last.start.line === span.start.line) continue;
    notes.push({
      span,
      message: frame.kind === 'main' ? 'called from the main program' : 'called from here',
    });
  }
  return notes.slice(0, mostNotes);
}
