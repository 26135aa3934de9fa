/**
 * Log entries put together to lines: the one flow that a job's page and its `log.txt` both read,
 * so that line 4711 is the same line in either.
 *
 * Memory is bounded whatever a command prints. Must not know: how a line looks, or where it is shown.
 */
import type { Timestamp } from '../base/clock.ts';
import { showDuration } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { LogEntry } from '../runs/records.ts';
import { inkMarksOf, nextMark, plainLine, plainText } from './ansi.ts';

type Stream = 'out' | 'err';

/** `line` is the number, from 1, of the line of `log.txt` that it begins on. */
export type LogPiece =
  | {
      readonly kind: 'command';
      readonly line: number;
      readonly sh: number;
      readonly cmd: string;
      readonly at: Timestamp;
    }
  /** A line of output, or part of a very long one: `begins` and `ends` say which. May hold escape sequences. */
  | {
      readonly kind: 'text';
      readonly line: number;
      readonly stream: Stream;
      readonly text: string;
      readonly begins: boolean;
      readonly ends: boolean;
    }
  /** Whole lines of plain text, the last newline included: what most of a long log is, passed on in one go. */
  | {
      readonly kind: 'lines';
      readonly line: number;
      readonly stream: Stream;
      readonly text: string;
      readonly count: number;
    }
  | {
      readonly kind: 'exit';
      readonly line: number;
      readonly exit: number;
      readonly signal: string | null;
      readonly t: number;
    }
  | { readonly kind: 'note'; readonly line: number; readonly text: string; readonly at: Timestamp }
  | { readonly kind: 'attempt'; readonly line: number; readonly attempt: number; readonly at: Timestamp }
  | { readonly kind: 'truncated'; readonly line: number };

/** How a piece reads in `log.txt`: text alone, no escape sequence. */
export function textOf(piece: LogPiece): string {
  switch (piece.kind) {
    case 'command':
      return `$ ${piece.cmd}\n`;
    case 'text':
      return piece.ends ? `${plainLine(piece.text)}\n` : plainLine(piece.text);
    case 'lines':
      return piece.text;
    case 'exit':
      return piece.exit === 0
        ? ''
        : `[${sayExit(piece.exit, piece.signal)} after ${showDuration(piece.t)}]\n`;
    case 'note':
      return `${piece.text.replace(/^/gm, '# ')}\n`;
    case 'attempt':
      return `[attempt ${piece.attempt}]\n`;
    case 'truncated':
      return `[the log limit is reached: what came after was not recorded]\n`;
    default:
      return unreachable(piece);
  }
}

export const sayExit = (exit: number, signal: string | null): string =>
  signal === null ? `exit ${exit}` : `ended by ${signal}`;

/** A line longer than this is passed on in parts. */
const longestHeld = 64 * 1024;

type Flow = { readonly decoder: InstanceType<typeof TextDecoder>; held: string; open: boolean };

export type Pieces = {
  push(entry: LogEntry): void;
  /** Ends the lines that are still open. Call it when nothing more can come. */
  end(): void;
  /** The beginnings of lines that have no end yet, as they would read now. */
  readonly pending: () => readonly LogPiece[];
};

/** Takes entries one by one and hands out pieces. */
export function logPieces(hear: (piece: LogPiece) => void): Pieces {
  const flows: Record<Stream, Flow> = { out: newFlow(), err: newFlow() };
  let line = 1;

  const emit = (piece: LogPiece): void => {
    hear(piece);
    line += linesOf(piece);
  };
  const text = (stream: Stream, value: string, ends: boolean): void => {
    const other = stream === 'out' ? flows.err : flows.out;
    if (other.open) {
      other.open = false;
      emit({
        kind: 'text',
        line,
        stream: stream === 'out' ? 'err' : 'out',
        text: '',
        begins: false,
        ends: true,
      });
    }
    const flow = flows[stream];
    emit({ kind: 'text', line, stream, text: value, begins: !flow.open, ends });
    flow.open = !ends;
  };
  const output = (stream: Stream, bytes: Uint8Array): void => {
    const flow = flows[stream];
    const chunk = flow.decoder.decode(bytes, { stream: true });
    const isBegun = flow.held !== '' || flows.out.open || flows.err.open;
    const first = isBegun ? chunk.indexOf('\n') + 1 : 0;
    if (first > 0) endLine(stream, chunk.slice(0, first - 1));
    if (first > 0 || !isBegun) flow.held = wholeLines(stream, withoutReturns(chunk.slice(first)));
    else flow.held += chunk;
    while (flow.held.length > longestHeld) {
      const shorter = withoutOverwritten(flow.held);
      if (shorter.length <= longestHeld / 2) {
        flow.held = shorter;
        continue;
      }
      const place = cutPlace(flow.held);
      text(stream, flow.held.slice(0, place), false);
      flow.held = flow.held.slice(place);
    }
  };
  const endLine = (stream: Stream, rest: string): void => {
    text(stream, flows[stream].held + rest, true);
    flows[stream].held = '';
  };
  /** Passes on the lines that end in a chunk, those without anything to interpret in one go; answers what is left. */
  const wholeLines = (stream: Stream, chunk: string): string => {
    const end = chunk.lastIndexOf('\n') + 1;
    for (let from = 0; from < end; ) {
      const mark = nextMark(chunk, from);
      const plainEnd = mark < 0 || mark >= end ? end : chunk.lastIndexOf('\n', mark) + 1;
      if (plainEnd > from) {
        const value = chunk.slice(from, plainEnd);
        emit({ kind: 'lines', line, stream, text: value, count: countLines(value) });
      }
      from = plainEnd;
      if (from === end) break;
      const newline = chunk.indexOf('\n', from);
      text(stream, chunk.slice(from, newline), true);
      from = newline + 1;
    }
    return chunk.slice(end);
  };
  const settle = (stream: Stream): void => {
    const flow = flows[stream];
    const rest = flow.held + flow.decoder.decode();
    flow.held = '';
    if (rest !== '' || flow.open) text(stream, rest, true);
  };
  const settleBoth = (): void => {
    settle('out');
    settle('err');
  };

  return {
    push: (entry) => {
      switch (entry.kind) {
        case 'output':
          return output(entry.stream, entry.bytes);
        case 'command':
          settleBoth();
          return emit({ kind: 'command', line, sh: entry.sh, cmd: plainText(entry.cmd), at: entry.at });
        case 'exit':
          settleBoth();
          return emit({ kind: 'exit', line, exit: entry.exit, signal: entry.signal, t: entry.t });
        case 'note':
          settleBoth();
          return emit({ kind: 'note', line, text: plainText(entry.text), at: entry.at });
        case 'attempt':
          settleBoth();
          return emit({ kind: 'attempt', line, attempt: entry.attempt, at: entry.at });
        case 'truncated':
          settleBoth();
          return emit({ kind: 'truncated', line });
        default:
          return unreachable(entry);
      }
    },
    end: settleBoth,
    pending: () =>
      (['out', 'err'] as const)
        .filter((stream) => flows[stream].held !== '')
        .map((stream, index) => ({
          kind: 'text',
          line: line + index,
          stream,
          text: flows[stream].held,
          begins: !flows[stream].open,
          ends: true,
        })),
  };
}

const newFlow = (): Flow => ({ decoder: new TextDecoder('utf-8'), held: '', open: false });

function linesOf(piece: LogPiece): number {
  if (piece.kind === 'text') return piece.ends ? 1 : 0;
  return piece.kind === 'lines' ? piece.count : countLines(textOf(piece));
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Lines as Windows ends them; a return there changes nothing that is shown. */
const withoutReturns = (text: string): string => text.replace(/\r\n/g, '\n');

/** What a bar that draws over itself left standing, in the ink it had. */
function withoutOverwritten(text: string): string {
  const last = text.lastIndexOf('\r', text.length - 2);
  return last < 0 ? text : inkMarksOf(text.slice(0, last)) + text.slice(last);
}

/** Where to cut a long line: not inside an escape sequence, not between the halves of a character. */
function cutPlace(text: string): number {
  const sequence = text.lastIndexOf('\u001b', longestHeld);
  let place = sequence > longestHeld - 64 ? sequence : longestHeld;
  const code = text.charCodeAt(place);
  if (code >= 0xdc00 && code < 0xe000) place -= 1;
  return place;
}
