/**
 * Fennel text → forms with their places, or every fault the reader can tell apart in one go.
 *
 * One pass with a stack of open brackets: no recursion, so that no nesting exhausts anything.
 * Must not know: what any form means.
 */
import type { Diagnostic, Position, Span } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Form } from './forms.ts';
import { Lines } from './lines.ts';
import { readNumber } from './numbers.ts';
import { problem } from './problems.ts';
import { unescapeString } from './strings.ts';

export type Source = { readonly name: string; readonly text: string };

/** Brackets inside brackets: more than this is a diagnostic. */
const deepest = 400;
/** Past this many faults the rest is noise. */
const mostFaults = 20;

type Opener = '(' | '[' | '{';
const closerOf = { '(': ')', '[': ']', '{': '}' } as const;

const prefixes: Readonly<Record<string, string>> = {
  "'": 'quote',
  '`': 'quote',
  ',': 'unquote',
  '#': 'hashfn',
};

/** A bracket that waits for its end, or a prefix that waits for its form. */
type Open =
  | { readonly kind: 'bracket'; readonly opener: Opener; readonly offset: number; readonly forms: Form[] }
  | { readonly kind: 'prefix'; readonly name: string; readonly offset: number };

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

// Where a run of characters ends, found without a step for each of them.
const spaces = /[\t-\r ]*/y;
const stringStop = /["\\]/g;
const wordEnd = /[\0- "'(),;@[\]`{}~\x7f]|$/g;

/** Whether a character ends a word. */
function isDelimiter(code: number): boolean {
  switch (code) {
    case 34: // "
    case 39: // '
    case 40: // (
    case 41: // )
    case 44: // ,
    case 59: // ;
    case 64: // @
    case 91: // [
    case 93: // ]
    case 96: // `
    case 123: // {
    case 125: // }
    case 126: // ~
    case 127:
      return true;
    default:
      return code <= 32;
  }
}

/** `)`, `]` or `}`. */
const isCloser = (code: number): boolean => code === 41 || code === 93 || code === 125;

/** Reads a whole source. Names with an underscore, as the compiler makes them up (`_1_`), are added to `taken`. */
export function read(source: Source, taken: Set<string> = new Set()): Result<Form[], Diagnostic[]> {
  const reader = new Reader(source, taken);
  reader.run();
  return reader.faults.length > 0 ? err(reader.faults) : ok(reader.forms);
}

class Reader {
  readonly forms: Form[] = [];
  readonly faults: Diagnostic[] = [];
  readonly #taken: Set<string>;
  readonly #file: string;
  readonly #text: string;
  readonly #lines: Lines;
  readonly #open: Open[] = [];
  #offset = 0;

  constructor(source: Source, taken: Set<string>) {
    this.#taken = taken;
    this.#file = source.name;
    this.#text = source.text;
    this.#lines = new Lines(source.text);
  }

  run(): void {
    if (this.#text.charCodeAt(0) === 0xfeff) this.#offset = 1;
    if (this.#text.startsWith('#!', this.#offset)) this.#skipLine();
    while (this.#offset < this.#text.length && this.faults.length < mostFaults) this.#step();
    if (this.faults.length < mostFaults) this.#end();
  }

  #step(): void {
    const start = this.#offset;
    const code = this.#text.charCodeAt(start);
    if (isSpace(code)) {
      this.#refuseSpaceAfterPrefix();
      spaces.lastIndex = start;
      spaces.exec(this.#text);
      this.#offset = spaces.lastIndex;
      return;
    }
    const letter = this.#text.charAt(start);
    switch (letter) {
      case ';':
        this.#skipLine();
        return;
      case '"':
        this.#string();
        return;
      case '(':
      case '[':
      case '{':
        this.#opening(letter);
        return;
      case ')':
      case ']':
      case '}':
        this.#closing(letter);
        return;
      case "'":
      case '`':
      case ',':
        this.#offset += 1;
        this.#push({ kind: 'prefix', name: prefixes[letter] ?? 'quote', offset: start });
        return;
      case '#':
        if (this.#prefixedByHash()) {
          this.#offset += 1;
          this.#push({ kind: 'prefix', name: 'hashfn', offset: start });
          return;
        }
        this.#word();
        return;
      default:
        this.#word();
    }
  }

  /** `#` before a form is a function; `#` alone, before a space or a closing bracket is the symbol `#`. */
  #prefixedByHash(): boolean {
    const next = this.#text.charCodeAt(this.#offset + 1);
    if (Number.isNaN(next) || isSpace(next)) return false;
    const letter = String.fromCharCode(next);
    return letter !== ')' && letter !== ']' && letter !== '}' && letter !== ';';
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#offset);
    this.#offset = end < 0 ? this.#text.length : end;
  }

  #refuseSpaceAfterPrefix(): void {
    const last = this.#open.at(-1);
    if (last?.kind !== 'prefix') return;
    this.#fault(problem('space-after-prefix', this.#at(this.#offset)));
    this.#open.pop();
  }

  #string(): void {
    const start = this.#offset;
    const text = this.#text;
    let at = start + 1;
    for (;;) {
      stringStop.lastIndex = at;
      at = stringStop.exec(text)?.index ?? text.length;
      if (at >= text.length) {
        const note = { span: this.#at(start), message: 'the string begins here' };
        this.#fault(problem('unclosed-string', this.#at(text.length), [note]));
        this.#offset = text.length;
        // What is open around the string was never going to close: one fault is enough.
        this.#open.length = 0;
        return;
      }
      if (text.charCodeAt(at) === 34) break;
      at += 2;
    }
    this.#offset = at + 1;
    const body = unescapeString(text, start + 1, at);
    if (!body.ok) {
      // In a string of several lines the fault is expected where it ends.
      const wrong = this.#at(body.error.offset);
      const end = this.#at(at);
      const apart = wrong.start.line !== end.start.line;
      this.#fault(
        problem(body.error.reason, apart ? end : wrong, apart ? [{ span: wrong, message: 'here' }] : []),
      );
    }
    const bytes = body.ok ? body.value : '';
    this.#add({ type: 'string', bytes, span: this.#span(start, this.#offset) });
  }

  #opening(opener: Opener): void {
    const start = this.#offset;
    this.#offset += 1;
    const before = start > 0 ? this.#text.charCodeAt(start - 1) : 32;
    // After a form of the same list; a new line of the file may begin where another one ends.
    const isGlued = this.#open.length > 0 && (isCloser(before) || before === 34);
    if (isGlued || (!isDelimiter(before) && !this.#isPrefixHash(start - 1))) {
      this.#fault(problem('space-before-opening', this.#at(start), [], opener));
    }
    this.#push({ kind: 'bracket', opener, offset: start, forms: [] });
  }

  #isPrefixHash(offset: number): boolean {
    const last = this.#open.at(-1);
    return last?.kind === 'prefix' && last.offset === offset;
  }

  #closing(closer: string): void {
    const start = this.#offset;
    this.#offset += 1;
    while (this.#open.at(-1)?.kind === 'prefix') {
      this.#fault(problem('space-after-prefix', this.#at(start)));
      this.#open.pop();
    }
    const last = this.#open.at(-1);
    if (last === undefined || last.kind === 'prefix') {
      this.#fault(problem('unexpected-closing', this.#at(start), [], closer));
      return;
    }
    const wanted = closerOf[last.opener];
    if (wanted !== closer) {
      const note = { span: this.#at(last.offset), message: `'${last.opener}' was opened here` };
      this.#fault(problem('mismatched-closing', this.#at(start), [note], closer, wanted));
      this.#recover(closer);
      return;
    }
    this.#open.pop();
    this.#finish(last.opener, last.forms, last.offset);
  }

  /** After a wrong closer: it ends the nearest bracket of its kind, or stands for the one that was due. */
  #recover(closer: string): void {
    for (let i = this.#open.length - 1; i >= 0; i -= 1) {
      const open = this.#open[i];
      if (open?.kind === 'bracket' && closerOf[open.opener] === closer) {
        this.#open.length = i;
        return;
      }
    }
    this.#open.pop();
  }

  #finish(opener: Opener, forms: readonly Form[], offset: number): void {
    const span = this.#span(offset, this.#offset);
    if (opener === '(') this.#add({ type: 'list', items: forms, span });
    else if (opener === '[') this.#add({ type: 'sequence', items: forms, span });
    else this.#table(forms, span);
  }

  #table(forms: readonly Form[], span: Span): void {
    if (forms.length % 2 !== 0) {
      const note = { span: this.#at(this.#lines.offsetOf(span.start)), message: 'the table begins here' };
      this.#fault(problem('odd-table', this.#at(this.#offset - 1), [note]));
    }
    const entries: (readonly [Form, Form])[] = [];
    for (let i = 0; i + 1 < forms.length; i += 2) {
      const key = forms[i];
      const value = forms[i + 1];
      if (key === undefined || value === undefined) continue;
      // `{: name}` is short for `{:name name}`.
      if (key.type === 'symbol' && key.name === ':' && value.type === 'symbol') {
        const bytes = Buffer.from(value.name, 'utf8').toString('latin1');
        entries.push([{ type: 'string', bytes, span: value.span }, value]);
      } else entries.push([key, value]);
    }
    this.#add({ type: 'table', entries, span });
  }

  #word(): void {
    const start = this.#offset;
    const text = this.#text;
    let end = start;
    // `~` opens a word only for the sake of `~=`.
    if (text.charCodeAt(end) === 126) end += 1;
    wordEnd.lastIndex = end;
    end = wordEnd.exec(text)?.index ?? text.length;
    if (end === start) {
      this.#fault(problem('invalid-character', this.#at(start), [], text.charAt(start)));
      this.#offset += 1;
      return;
    }
    this.#offset = end;
    const word = text.slice(start, end);
    const span = this.#span(start, end);
    if (word === 'true') this.#add({ type: 'boolean', value: true, span });
    else if (word === 'false') this.#add({ type: 'boolean', value: false, span });
    else if (word === 'nil') this.#add({ type: 'nil', span });
    else if (word === '...') this.#add({ type: 'symbol', name: word, span });
    else if (word.charCodeAt(0) === 58 && word.length > 1) {
      const bytes = Buffer.from(word.slice(1), 'utf8').toString('latin1');
      this.#add({ type: 'string', bytes, span });
    } else this.#numberOrSymbol(word, span);
  }

  #numberOrSymbol(word: string, span: Span): void {
    const number = readNumber(word);
    if (number === 'malformed') this.#fault(problem('bad-number', span, [], word));
    if (number !== null && number !== 'malformed') {
      this.#add({ type: 'number', value: number.value, float: number.float, span });
      return;
    }
    if (number === null && (word.includes('.') || word.includes(':') || word.startsWith('~'))) {
      this.#checkSymbol(word, span);
    }
    if (word.includes('_')) this.#taken.add(word.split(/[.:]/, 1)[0] ?? word);
    this.#add({ type: 'symbol', name: word, span });
  }

  #checkSymbol(word: string, span: Span): void {
    if (word.startsWith('~') && word !== '~=') {
      this.#fault(problem('invalid-character', span, [], '~'));
    } else if (/[.:][.:]/.test(word) && word !== '..' && word !== '$...') {
      this.#fault(problem('malformed-multisym', span, [], word));
    } else if (word !== ':' && word.endsWith(':')) {
      this.#fault(problem('malformed-multisym', span, [], word));
    } else if (/:.+[.:]/.test(word)) {
      this.#fault(problem('method-not-last', span, [], word));
    }
  }

  #push(open: Open): void {
    if (this.#open.length < deepest) {
      this.#open.push(open);
      return;
    }
    this.#fault(problem('too-deep', this.#at(open.offset)));
    this.#offset = this.#text.length;
    this.#open.length = 0;
  }

  /** Gives a finished form to whatever waits for it. */
  #add(form: Form): void {
    let done = form;
    for (;;) {
      const last = this.#open.at(-1);
      if (last === undefined) {
        this.forms.push(done);
        return;
      }
      if (last.kind === 'bracket') {
        last.forms.push(done);
        return;
      }
      this.#open.pop();
      const name: Form = { type: 'symbol', name: last.name, span: this.#at(last.offset) };
      done = { type: 'list', items: [name, done], span: this.#span(last.offset, this.#offset) };
    }
  }

  #end(): void {
    const opened = this.#open.filter((open) => open.kind === 'bracket');
    if (this.#open.at(-1)?.kind === 'prefix') {
      this.#fault(problem('prefix-without-form', this.#at(this.#text.length)));
    }
    if (opened.length === 0) return;
    const closers = opened.map((open) => closerOf[open.opener]);
    const culprit = this.#suspect(opened);
    const last = opened.at(-1) ?? culprit.open;
    const notes = [{ span: this.#at(last.offset), message: `'${last.opener}' was opened here` }];
    if (culprit.closeBefore !== null) {
      const wanted = closerOf[culprit.open.opener];
      notes.unshift({
        span: this.#at(culprit.open.offset),
        message: `'${culprit.open.opener}' was probably meant to close with '${wanted}' before line ${culprit.closeBefore}`,
      });
    }
    this.#fault(problem('unclosed', this.#at(this.#text.length), notes, closers.join('')));
  }

  /**
   * The bracket that was most likely forgotten: the innermost open one that a form stands in although it is
   * not indented more than the bracket itself.
   */
  #suspect(opened: readonly Extract<Open, { kind: 'bracket' }>[]): {
    open: Extract<Open, { kind: 'bracket' }>;
    closeBefore: number | null;
  } {
    const fallback = opened.at(-1) ?? { kind: 'bracket', opener: '(', offset: 0, forms: [] };
    for (const open of opened) {
      const column = this.#lines.position(open.offset).column;
      for (const form of open.forms) {
        const start = form.span?.start;
        if (start !== undefined && start.column <= column && this.#isFirstOnLine(start)) {
          return { open, closeBefore: start.line };
        }
      }
      const child = opened[opened.indexOf(open) + 1];
      if (child === undefined) break;
      const start = this.#lines.position(child.offset);
      if (start.column <= column && this.#isFirstOnLine(start)) return { open, closeBefore: start.line };
    }
    return { open: fallback, closeBefore: null };
  }

  #isFirstOnLine(start: Position): boolean {
    const offset = this.#lines.offsetOf(start);
    return /^[ \t]*$/.test(this.#text.slice(this.#text.lastIndexOf('\n', offset - 1) + 1, offset));
  }

  #fault(fault: Diagnostic): void {
    this.faults.push(fault);
  }

  #span(start: number, end: number): Span {
    return { file: this.#file, start: this.#lines.position(start), end: this.#lines.position(end) };
  }

  #at(offset: number): Span {
    const start = this.#lines.position(offset);
    return { file: this.#file, start, end: { line: start.line, column: start.column + 1 } };
  }
}
