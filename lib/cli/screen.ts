/**
 * Where a run is shown: lines that stay, and on a terminal a few below them that are drawn anew.
 *
 * Must not know: what the lines say.
 */
import type { Output } from './context.ts';

export type Screen = Pick<Output, 'paint' | 'colours'> & {
  readonly isTerminal: boolean;
  /** Whole lines. */
  print(text: string): void;
  /** Settles when the reader has taken what was printed. */
  drained(): Promise<void>;
  /** What stands below from now on; only a terminal shows it. */
  keep(rows: () => readonly string[]): void;
  /** Draws the lines below anew, when something in them has changed. */
  refresh(): void;
  /** Begins an empty page, where there are pages. */
  clear(): void;
  /** Takes the lines below away and lets go of the terminal. */
  close(): void;
};

export type Size = { readonly columns: number; readonly rows: number };

/** A pipe, a file: every line stays. */
export const plainScreen = (out: Output): Screen => ({
  paint: out.paint,
  colours: out.colours,
  isTerminal: false,
  print: (text) => {
    if (text !== '') out.write(text);
  },
  drained: () => out.drained(),
  keep: () => {},
  refresh: () => {},
  clear: () => {},
  close: () => {},
});

/** So that durations tick. */
const tickMs = 100;
/** Output that comes fast is drawn together. */
const gatherMs = 30;
const mostGathered = 64 * 1024;

/** A terminal: the lines below are erased, what is new is printed, and they are drawn again, in one write. */
export class TerminalScreen implements Screen {
  readonly isTerminal = true;
  readonly paint: Output['paint'];
  readonly colours: boolean;
  readonly #out: Output;
  readonly #size: () => Size;
  readonly #ticking: NodeJS.Timeout;
  #rows: () => readonly string[] = () => [];
  #drawn: readonly string[] = [];
  #waiting = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(out: Output, size: () => Size) {
    this.#out = out;
    this.paint = out.paint;
    this.colours = out.colours;
    this.#size = size;
    this.#ticking = setInterval(() => this.refresh(), tickMs);
    this.#ticking.unref();
  }

  print(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length > mostGathered) this.#draw();
    else if (text !== '') this.#timer ??= setTimeout(() => this.#draw(), gatherMs);
  }

  drained(): Promise<void> {
    return this.#out.drained();
  }

  keep(rows: () => readonly string[]): void {
    this.#rows = rows;
    this.refresh();
  }

  refresh(): void {
    this.#timer ??= setTimeout(() => this.#draw(), gatherMs);
  }

  clear(): void {
    this.#waiting = '';
    this.#drawn = [];
    // The page, what was scrolled off it, and the cursor to its corner.
    this.#out.write('\u001b[2J\u001b[3J\u001b[H');
    this.refresh();
  }

  close(): void {
    clearInterval(this.#ticking);
    this.#rows = () => [];
    this.#draw();
  }

  #draw(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { columns, rows } = this.#size();
    // Never the whole page: a cursor that goes up past its top would come down in the wrong place.
    const below = this.#rows()
      .slice(-Math.max(1, rows - 2))
      .map((row) => cut(row, columns - 1));
    const same = below.length === this.#drawn.length && below.every((row, at) => row === this.#drawn[at]);
    if (same && this.#waiting === '') return;
    const erase = this.#drawn.length === 0 ? '' : `\u001b[${this.#drawn.length}A\u001b[J`;
    this.#out.write(erase + this.#waiting + below.map((row) => `${row}\n`).join(''));
    this.#waiting = '';
    this.#drawn = below;
  }
}

const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const thin = /^[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many columns a character takes. */
function columnsOf(character: string): number {
  if (thin.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The beginning of a line that fits so many columns; colours take none, and are switched off where the line is cut. */
export function cut(line: string, columns: number): string {
  let room = columns;
  let shown = '';
  let coloured = false;
  for (const [token] of line.matchAll(/\u001b\[[\d;]*m|./gsu)) {
    if (token.startsWith('\u001b')) {
      coloured = true;
      shown += token;
      continue;
    }
    room -= columnsOf(token);
    if (room < 0) return shown + (coloured ? '\u001b[0m' : '');
    shown += token;
  }
  return shown;
}
