/**
 * What a job printed, made safe for a terminal: text, colours and weights, and nothing else a terminal obeys.
 *
 * The same reading of control sequences as on the pages, written out for a terminal.
 * Must not know: logs, jobs.
 */
import { StringDecoder } from 'node:string_decoder';
import { visible } from '../base/text.ts';
import { type Ink, inkLine, type Piece, plainInk } from '../site/ansi.ts';

const weights: Readonly<Record<string, string>> = {
  bold: '1',
  dim: '2',
  italic: '3',
  underline: '4',
  reverse: '7',
  strike: '9',
};

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

function codeOf(name: string): string {
  const weight = weights[name];
  if (weight !== undefined) return weight;
  const base = name.startsWith('b-') ? 40 : 30;
  const colour = name.slice(2);
  if (colour === 'grey') return String(base + 60);
  const bright = colour.startsWith('bright-');
  return String(base + (bright ? 60 : 0) + names.indexOf(bright ? colour.slice('bright-'.length) : colour));
}

/** A line without an end in sight is passed on in parts of this many characters. */
const longestLine = 65_536;

/** What is not shown as it stands: the controls but tab and newline, and what `visible` spells out. */
const unusual = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const withTabs = (text: string): string => text.split('\t').map(visible).join('\t');

/** One stream of output; give it the chunks in order. */
export class TerminalText {
  readonly #colours: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #ink: Ink = plainInk;
  #open = '';

  constructor({ colours }: { readonly colours: boolean }) {
    this.#colours = colours;
  }

  /** The lines that are whole by now, each with its newline. */
  push(chunk: Uint8Array): string {
    const text = this.#open + this.#decoder.write(Buffer.from(chunk));
    const end = text.lastIndexOf('\n') + 1;
    this.#open = text.slice(end);
    let safe = this.#lines(text.slice(0, end));
    if (this.#open.length > longestLine) {
      safe += this.#line(this.#open);
      this.#open = '';
    }
    return safe;
  }

  /** What is left of a last line without a newline; it gets one. */
  end(): string {
    const rest = this.#open + this.#decoder.end();
    this.#open = '';
    return rest === '' ? '' : `${this.#line(rest)}\n`;
  }

  /** Whole lines. Most output is plain and goes through in one piece. */
  #lines(text: string): string {
    if (text === '' || (this.#ink === plainInk && !unusual.test(text))) return text;
    const lines = text.slice(0, -1).split('\n');
    return lines.map((line) => `${this.#line(line)}\n`).join('');
  }

  #line(line: string): string {
    const { pieces, ink } = inkLine(line, this.#ink);
    this.#ink = ink;
    return pieces.map((piece) => this.#draw(piece)).join('');
  }

  #draw({ text, style }: Piece): string {
    const shown = withTabs(text);
    if (!this.#colours || style === '') return shown;
    return `\u001b[${style.split(' ').map(codeOf).join(';')}m${shown}\u001b[0m`;
  }
}

/** One text at once, such as a command line or a note. */
export function terminalText(text: string): string {
  const safe = new TerminalText({ colours: false });
  return (safe.push(Buffer.from(text)) + safe.end()).replace(/\n$/, '');
}
