/**
 * What a page shows of a log: every command's heading, the beginning and end of what it printed, the failures whole.
 *
 * A fold over pieces, so a live page goes on where it was. Bounded whatever the log holds: the rest is in `log.txt`.
 * Must not know: files, markup, jobs.
 */
import { showDuration } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { type Ink, inkLine, type Piece, plainInk } from './ansi.ts';
import { type LogPiece, sayExit } from './log-pieces.ts';

export type LogLine = {
  readonly line: number;
  readonly kind: 'out' | 'err' | 'note' | 'event';
  readonly pieces: readonly Piece[];
  /** Characters of a very long line that are not shown. */
  readonly hidden: number;
};

/** One command with its output, or the notes that stand before any command. */
export type LogSection = {
  /** The fragment of its heading; null for lines without a command. */
  readonly anchor: string | null;
  readonly line: number;
  readonly cmd: string | null;
  readonly attempt: number;
  readonly startedAt: string | null;
  /** `exit 3`, `ended by SIGKILL`; null while it runs. */
  readonly end: string | null;
  readonly failed: boolean;
  readonly took: string;
  readonly open: boolean;
  readonly head: readonly LogLine[];
  /** Lines between head and tail that only `log.txt` has. */
  readonly skipped: number;
  readonly tail: readonly LogLine[];
};

export type LogView = {
  readonly sections: readonly LogSection[];
  /** Whole commands that only `log.txt` has, and the index of the section they stand before. */
  readonly omitted: number;
  readonly omittedBefore: number;
  /** Lines of `log.txt` so far. */
  readonly lines: number;
};

const headLines = 60;
const tailLines = 400;
const longestLine = 2000;
const longestCommand = 2000;
/** What a line costs on the page: its characters, and the markup of each piece. */
const costOf = (line: LogLine): number =>
  60 + line.pieces.reduce((sum, piece) => sum + piece.text.length + (piece.style === '' ? 0 : 30), 0);
const sectionBudget = 300_000;
const pageBudget = 1_200_000;
const mostSections = 150;
const keptAtTop = 20;
/** A short log is shown open, whole. */
const shortLog = 300;

/** Plain lines that are only taken apart when a page is made: most of them never are. */
type Block = {
  readonly kind: 'out' | 'err';
  readonly ink: Ink;
  readonly text: string;
  /** What is left of it: the number of its first line, how many lines, from where in the text to where. */
  line: number;
  count: number;
  from: number;
  to: number;
};

/** What the line at a place of a block costs, once it is a line. */
const costAt = (block: Block, from: number, end: number): number => {
  const length = end - from;
  return 60 + Math.min(length, longestLine) + (length === 0 || block.ink.style === '' ? 0 : 30);
};

type Section = {
  readonly line: number;
  readonly sh: number | null;
  readonly cmd: string | null;
  readonly attempt: number;
  readonly startedAt: string | null;
  end: string | null;
  failed: boolean;
  took: string;
  head: LogLine[];
  headCost: number;
  skipped: number;
  tail: (LogLine | Block)[];
  tailCount: number;
  tailCost: number;
};

export type LogFold = {
  push(piece: LogPiece): void;
  /** The view now; `pending` are the beginnings of lines that have no end yet. */
  view(pending: readonly LogPiece[]): LogView;
};

/** Folds pieces to a view. */
export function logFold(): LogFold {
  const sections: Section[] = [];
  let omitted = 0;
  let attempt = 1;
  let lines = 0;
  let total = 0;
  const inks: Record<'out' | 'err', Ink> = { out: plainInk, err: plainInk };

  const current = (line: number): Section => {
    const last = sections[sections.length - 1];
    return last === undefined || (last.cmd !== null && last.end !== null) ? begin(line, null) : last;
  };
  const begin = (line: number, command: { sh: number; cmd: string; at: string } | null): Section => {
    const section: Section = {
      line,
      sh: command?.sh ?? null,
      cmd: command === null ? null : command.cmd,
      attempt,
      startedAt: command?.at ?? null,
      end: null,
      failed: false,
      took: '',
      head: [],
      headCost: 0,
      skipped: 0,
      tail: [],
      tailCount: 0,
      tailCost: 0,
    };
    sections.push(section);
    if (sections.length > mostSections) omit();
    return section;
  };
  const omit = (): void => {
    const quiet = sections.findIndex((section, index) => index >= keptAtTop && !section.failed);
    const place = quiet >= 0 && quiet < sections.length - 1 ? quiet : keptAtTop;
    const [gone] = sections.splice(place, 1);
    if (gone === undefined) return;
    if (gone.cmd !== null) omitted += 1;
    total -= gone.headCost + gone.tailCost;
  };
  const add = (line: LogLine): void => {
    const section = current(line.line);
    const cost = costOf(line);
    total += cost;
    if (
      section.skipped === 0 &&
      section.head.length < headLines &&
      section.headCost + cost < sectionBudget / 4
    ) {
      section.head.push(line);
      section.headCost += cost;
    } else {
      section.tail.push(line);
      section.tailCount += 1;
      section.tailCost += cost;
      total -= trimTail(section);
    }
    if (total > pageBudget) total -= shrink(sections);
  };
  /** As if each line were added: a page must not depend on how the output was cut. */
  const addLines = ({ line, stream, text, count }: LogPiece & { kind: 'lines' }): void => {
    const section = current(line);
    const ink = inks[stream];
    let at = 0;
    let left = count;
    for (; section.tail.length === 0 && left > 0; left -= 1) {
      const end = text.indexOf('\n', at);
      const { pieces } = inkLine(text.slice(at, end), ink);
      add({ line: line + count - left, kind: stream, ...shorten(pieces) });
      at = end + 1;
    }
    if (left === 0) return;
    let block = beginBlock(section, { kind: stream, ink, text, line: line + count - left, from: at });
    while (left > 0) {
      total += lengthen(section, block);
      left -= 1;
      if (isTooLong(section)) {
        total -= trimTail(section);
        const passed = total + sectionBudget > pageBudget ? 0 : passedOver(section, block, left);
        if (passed > 0) block = passOver(section, block, { passed, kept: left - passed });
        left -= passed;
      }
      if (total > pageBudget) total -= shrink(sections);
    }
  };
  const text = (piece: LogPiece & { kind: 'text' }): void => {
    const last = lastLine(sections);
    if (!piece.begins && last !== null && last.line === piece.line) {
      replaceLast(sections, { ...last, hidden: last.hidden + piece.text.length });
      return;
    }
    const inked = inkLine(piece.text, inks[piece.stream]);
    inks[piece.stream] = inked.ink;
    add({ line: piece.line, kind: piece.stream, ...shorten(inked.pieces) });
  };
  const plain = (kind: 'note' | 'event', line: number, value: string): void => {
    for (const [index, part] of value.split('\n').entries()) {
      add({ line: line + index, kind, ...shorten(part === '' ? [] : [{ text: part, style: '' }]) });
    }
  };

  return {
    push: (piece) => {
      lines = Math.max(lines, piece.kind === 'lines' ? piece.line + piece.count - 1 : piece.line);
      switch (piece.kind) {
        case 'command':
          inks.out = plainInk;
          inks.err = plainInk;
          begin(piece.line, piece);
          return;
        case 'text':
          return text(piece);
        case 'lines':
          return addLines(piece);
        case 'exit': {
          const section = sections[sections.length - 1];
          if (section === undefined || section.cmd === null) return;
          section.end = sayExit(piece.exit, piece.signal);
          section.failed = piece.exit !== 0;
          section.took = showDuration(piece.t);
          return;
        }
        case 'note':
          return plain('note', piece.line, piece.text);
        case 'attempt':
          attempt = piece.attempt;
          inks.out = plainInk;
          inks.err = plainInk;
          begin(piece.line, null);
          return plain('event', piece.line, `attempt ${piece.attempt}`);
        case 'truncated':
          return plain('event', piece.line, 'The log limit is reached: what came after was not recorded.');
        default:
          return unreachable(piece);
      }
    },
    view: (pending) => {
      const short = lines <= shortLog;
      const lastCommand = sections.findLastIndex((section) => section.cmd !== null);
      const drawn = sections.map((section, index) => {
        const last = index === sections.length - 1;
        const open = short || section.failed || index >= lastCommand || section.end === null;
        const unfinished = last ? pending.flatMap((piece) => pendingLine(piece, inks)) : [];
        return drawSection(section, open, unfinished);
      });
      return { sections: drawn, omitted, omittedBefore: Math.min(keptAtTop, drawn.length), lines };
    },
  };
}

function drawSection(section: Section, open: boolean, unfinished: readonly LogLine[]): LogSection {
  const { line, sh, attempt, startedAt, end, failed, took, head, tail } = section;
  const cmd = section.cmd === null ? null : section.cmd.slice(0, longestCommand);
  const anchor = sh === null ? null : attempt === 1 ? `sh-${sh}` : `sh-${attempt}-${sh}`;
  // The tail is cut lazily while it grows; what a page shows must not depend on when it was last cut.
  const lines = tail.flatMap((part) => ('pieces' in part ? part : linesOf(part)));
  const extra = Math.max(0, lines.length - tailLines);
  const skipped = section.skipped + extra;
  const shown = [...lines.slice(extra), ...unfinished];
  return { anchor, line, cmd, attempt, startedAt, end, failed, took, open, head, skipped, tail: shown };
}

/** The lines of a block, each as the page shows it. */
function linesOf(block: Block): LogLine[] {
  return block.text
    .slice(block.from, block.to - 1)
    .split('\n')
    .map((text, index) => {
      const { pieces } = inkLine(text, block.ink);
      return { line: block.line + index, kind: block.kind, ...shorten(pieces) };
    });
}

const isTooLong = (section: Section): boolean =>
  section.tailCount >= 2 * tailLines || section.tailCost >= sectionBudget;

/** Cuts what a section's tail has too much, and says what that saved. */
function trimTail(section: Section): number {
  if (!isTooLong(section)) return 0;
  const before = section.tailCost;
  let gone = 0;
  while (section.tailCount > tailLines || (section.tailCount > 1 && section.tailCost > sectionBudget / 2)) {
    const part = section.tail[gone];
    if (part === undefined) break;
    section.tailCost -= 'pieces' in part ? costOf(part) : dropFirst(part);
    section.tailCount -= 1;
    section.skipped += 1;
    if ('pieces' in part || part.count === 0) gone += 1;
  }
  if (gone > 0) section.tail = section.tail.slice(gone);
  return before - section.tailCost;
}

function beginBlock(section: Section, block: Omit<Block, 'count' | 'to'>): Block {
  const begun = { ...block, count: 0, to: block.from };
  section.tail.push(begun);
  return begun;
}

/** Adds the next line of its text to the tail's last block; answers what it costs. */
function lengthen(section: Section, block: Block): number {
  const end = block.text.indexOf('\n', block.to);
  const cost = costAt(block, block.to, end);
  block.count += 1;
  block.to = end + 1;
  section.tailCount += 1;
  section.tailCost += cost;
  return cost;
}

/** With a text no longer than this, a tail is cut by the number of its lines, never by their cost. */
const cheapText = 100_000;

/**
 * How many of the lines to come would be cut again before the text ends. A tail that was just cut is cut again after
 * every `tailLines` lines, to just those: all but the last time can be left out.
 */
function passedOver(section: Section, block: Block, left: number): number {
  const isRegular = section.tailCount === tailLines && block.text.length <= cheapText;
  return isRegular && left >= 2 * tailLines ? (Math.floor(left / tailLines) - 1) * tailLines : 0;
}

/** Goes on with the last lines of a block's text. */
function passOver(section: Section, block: Block, lines: { passed: number; kept: number }): Block {
  const { kind, ink, text } = block;
  let from = text.length;
  for (let line = 0; line < lines.kept; line += 1) from = text.lastIndexOf('\n', from - 2) + 1;
  section.skipped += lines.passed;
  return beginBlock(section, { kind, ink, text, line: block.line + block.count + lines.passed, from });
}

/** Takes the first line off a block; answers what it cost. */
function dropFirst(block: Block): number {
  const end = block.text.indexOf('\n', block.from);
  const cost = costAt(block, block.from, end);
  block.from = end + 1;
  block.line += 1;
  block.count -= 1;
  return cost;
}

/** The page is full: the oldest command that went well keeps its heading only, then the oldest of the others. */
function shrink(sections: readonly Section[]): number {
  const older = sections.slice(0, -1).filter((section) => section.headCost + section.tailCost > 0);
  const section = older.find((one) => !one.failed) ?? older[0];
  if (section === undefined) return 0;
  const saved = section.headCost + section.tailCost;
  section.skipped += section.head.length + section.tailCount;
  section.head = [];
  section.tail = [];
  section.tailCount = 0;
  section.headCost = 0;
  section.tailCost = 0;
  return saved;
}

/** The last line, if it may go on. */
function lastLine(sections: readonly Section[]): LogLine | null {
  const section = sections[sections.length - 1];
  const last = section?.tail[section.tail.length - 1] ?? section?.head[section.head.length - 1];
  return last !== undefined && 'pieces' in last ? last : null;
}

function replaceLast(sections: readonly Section[], line: LogLine): void {
  const section = sections[sections.length - 1];
  const part = section === undefined ? [] : section.tail.length > 0 ? section.tail : section.head;
  part[part.length - 1] = line;
}

function pendingLine(piece: LogPiece, inks: Readonly<Record<'out' | 'err', Ink>>): LogLine[] {
  if (piece.kind !== 'text' || !piece.begins) return [];
  const { pieces } = inkLine(piece.text, inks[piece.stream]);
  return pieces.length === 0 ? [] : [{ line: piece.line, kind: piece.stream, ...shorten(pieces) }];
}

function shorten(pieces: readonly Piece[]): { pieces: readonly Piece[]; hidden: number } {
  let room = longestLine;
  const shown: Piece[] = [];
  let hidden = 0;
  for (const piece of pieces) {
    const text = piece.text.slice(0, room);
    if (text !== '') shown.push(text.length === piece.text.length ? piece : { ...piece, text });
    hidden += piece.text.length - text.length;
    room -= text.length;
  }
  return { pieces: shown, hidden };
}
