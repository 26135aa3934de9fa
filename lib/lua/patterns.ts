/**
 * Lua's patterns: matching as the manual (§6.4.1) says, over bytes.
 *
 * A pattern can be made to try for ever, so the matcher counts its steps and calls `pause` now and then,
 * which may throw.
 * Must not know: stacks; a wrong pattern is thrown as `PatternProblem`.
 */
import type { Bytes } from './engine.ts';

export class PatternProblem extends Error {}

/**
 * A captured piece, the position (from 1) of a `()`, or one that its pattern never ends: wrong only for who
 * uses it.
 */
export type Capture =
  | { readonly start: number; readonly end: number }
  | { readonly position: number }
  | { readonly unfinished: true };

export type Match = { readonly start: number; readonly end: number; readonly captures: readonly Capture[] };

const maxCaptures = 32;
const maxDepth = 200;
const stepsBetweenPauses = 50_000;

const unfinished = -1;
const position = -2;

const code = (character: string): number => character.charCodeAt(0);
const escapeSign = code('%');
const open = code('(');
const close = code(')');
const bracket = code('[');
const bracketEnd = code(']');
const caret = code('^');
const dash = code('-');
const dollar = code('$');
const dot = code('.');

/** One pattern on one subject. */
export class Matcher {
  readonly #subject: Bytes;
  readonly #pattern: Bytes;
  readonly #pause: () => void;
  readonly #starts: number[] = [];
  /** The length of a capture, or `unfinished` or `position`. */
  readonly #lengths: number[] = [];
  #depth = 0;
  #steps = 0;

  constructor(subject: Bytes, pattern: Bytes, pause: () => void) {
    this.#subject = subject;
    this.#pattern = pattern;
    this.#pause = pause;
  }

  /** The first match that starts at `from` or, unless the pattern is anchored, later. */
  find(from: number): Match | null {
    const anchored = this.#pattern[0] === caret;
    for (let start = from; start <= this.#subject.length; start += 1) {
      const match = this.matchAt(start, anchored ? 1 : 0);
      if (match !== null || anchored) return match;
    }
    return null;
  }

  /** A match that starts exactly there; the pattern is read from `skip` on. */
  matchAt(start: number, skip = 0): Match | null {
    this.#starts.length = 0;
    this.#lengths.length = 0;
    this.#depth = 0;
    const end = this.#match(start, skip);
    return end === null
      ? null
      : { start, end, captures: this.#starts.map((_, index) => this.#capture(index)) };
  }

  #capture(index: number): Capture {
    const start = this.#starts[index] ?? 0;
    const length = this.#lengths[index] ?? unfinished;
    if (length === unfinished) return { unfinished: true };
    return length === position ? { position: start + 1 } : { start, end: start + length };
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps % stepsBetweenPauses === 0) this.#pause();
  }

  /** Where a match of the pattern from `p` on, beginning at `s`, ends, or null. */
  #match(s: number, p: number): number | null {
    if (this.#depth >= maxDepth) throw new PatternProblem('pattern too complex');
    this.#depth += 1;
    try {
      return this.#matchRest(s, p);
    } finally {
      this.#depth -= 1;
    }
  }

  #matchRest(from: number, fromPattern: number): number | null {
    const pattern = this.#pattern;
    let s = from;
    let p = fromPattern;
    for (;;) {
      this.#step();
      if (p === pattern.length) return s;
      const head = pattern[p];
      if (head === open) {
        return pattern[p + 1] === close
          ? this.#startCapture(s, p + 2, position)
          : this.#startCapture(s, p + 1, unfinished);
      }
      if (head === close) return this.#endCapture(s, p + 1);
      if (head === dollar && p + 1 === pattern.length) return s === this.#subject.length ? s : null;
      if (head === escapeSign) {
        const special = this.#special(s, p);
        if (special === null) return null;
        if (special !== undefined) {
          s = special.s;
          p = special.p;
          continue;
        }
      }
      const end = this.#itemEnd(p);
      const suffix = pattern[end];
      if (suffix === code('?')) {
        if (this.#single(s, p, end)) {
          const matched = this.#match(s + 1, end + 1);
          if (matched !== null) return matched;
        }
        p = end + 1;
      } else if (suffix === code('+')) {
        return this.#single(s, p, end) ? this.#longest(s + 1, p, end) : null;
      } else if (suffix === code('*')) {
        return this.#longest(s, p, end);
      } else if (suffix === dash) {
        return this.#shortest(s, p, end);
      } else {
        if (!this.#single(s, p, end)) return null;
        s += 1;
        p = end;
      }
    }
  }

  /** `%b`, `%f` and back references; undefined for every other escapeSign, null for no match. */
  #special(s: number, p: number): { s: number; p: number } | null | undefined {
    const kind = this.#pattern[p + 1];
    if (kind === code('b')) {
      const end = this.#balanced(s, p + 2);
      return end === null ? null : { s: end, p: p + 4 };
    }
    if (kind === code('f')) {
      const set = p + 2;
      if (this.#pattern[set] !== bracket) throw new PatternProblem("missing '[' after '%f' in pattern");
      const end = this.#itemEnd(set);
      const before = s === 0 ? 0 : (this.#subject[s - 1] ?? 0);
      const here = this.#subject[s] ?? 0;
      return !this.#inSet(before, set, end - 1) && this.#inSet(here, set, end - 1) ? { s, p: end } : null;
    }
    if (kind !== undefined && isDigit(kind)) {
      const end = this.#backReference(s, kind);
      return end === null ? null : { s: end, p: p + 2 };
    }
    return undefined;
  }

  #startCapture(s: number, p: number, kind: number): number | null {
    if (this.#starts.length >= maxCaptures) throw new PatternProblem('too many captures');
    this.#starts.push(s);
    this.#lengths.push(kind);
    const end = this.#match(s, p);
    if (end === null) {
      this.#starts.pop();
      this.#lengths.pop();
    }
    return end;
  }

  #endCapture(s: number, p: number): number | null {
    const index = this.#lengths.lastIndexOf(unfinished);
    if (index < 0) throw new PatternProblem('invalid pattern capture');
    this.#lengths[index] = s - (this.#starts[index] ?? 0);
    const end = this.#match(s, p);
    if (end === null) this.#lengths[index] = unfinished;
    return end;
  }

  #balanced(s: number, p: number): number | null {
    if (p + 1 >= this.#pattern.length) {
      throw new PatternProblem("malformed pattern (missing arguments to '%b')");
    }
    const [begin, end] = [this.#pattern[p], this.#pattern[p + 1]];
    if (s >= this.#subject.length || this.#subject[s] !== begin) return null;
    let depth = 1;
    for (let at = s + 1; at < this.#subject.length; at += 1) {
      const byte = this.#subject[at];
      if (byte === end) {
        depth -= 1;
        if (depth === 0) return at + 1;
      } else if (byte === begin) {
        depth += 1;
      }
    }
    return null;
  }

  #backReference(s: number, digit: number): number | null {
    const index = digit - code('1');
    const length = this.#lengths[index];
    if (length === undefined || length === unfinished) {
      throw new PatternProblem(`invalid capture index %${index + 1}`);
    }
    const start = this.#starts[index] ?? 0;
    if (length === position || s + length > this.#subject.length) return null;
    for (let i = 0; i < length; i += 1) if (this.#subject[start + i] !== this.#subject[s + i]) return null;
    return s + length;
  }

  #longest(s: number, p: number, end: number): number | null {
    let count = 0;
    while (this.#single(s + count, p, end)) count += 1;
    this.#steps += count >> 3;
    for (; count >= 0; count -= 1) {
      const matched = this.#match(s + count, end + 1);
      if (matched !== null) return matched;
    }
    return null;
  }

  #shortest(from: number, p: number, end: number): number | null {
    for (let s = from; ; s += 1) {
      const matched = this.#match(s, end + 1);
      if (matched !== null) return matched;
      if (!this.#single(s, p, end)) return null;
    }
  }

  /** The index after the single-character item at `p`. */
  #itemEnd(p: number): number {
    const pattern = this.#pattern;
    const head = pattern[p];
    if (head === escapeSign) {
      if (p + 1 >= pattern.length) throw new PatternProblem("malformed pattern (ends with '%')");
      return p + 2;
    }
    if (head !== bracket) return p + 1;
    let at = pattern[p + 1] === caret ? p + 2 : p + 1;
    // The first character of a set stands for itself, also if it is `]`.
    do {
      if (at >= pattern.length) throw new PatternProblem("malformed pattern (missing ']')");
      at += pattern[at] === escapeSign ? 2 : 1;
    } while (pattern[at] !== bracketEnd);
    return at + 1;
  }

  #single(s: number, p: number, end: number): boolean {
    const byte = this.#subject[s];
    if (byte === undefined) return false;
    const head = this.#pattern[p];
    if (head === dot) return true;
    if (head === escapeSign) return inClass(byte, this.#pattern[p + 1] ?? 0);
    if (head === bracket) return this.#inSet(byte, p, end - 1);
    return head === byte;
  }

  /** Whether a byte is in the set from `[` at `p` to `]` at `last`. */
  #inSet(byte: number, p: number, last: number): boolean {
    const pattern = this.#pattern;
    const negated = pattern[p + 1] === caret;
    for (let at = negated ? p + 2 : p + 1; at < last; at += 1) {
      const item = pattern[at] ?? 0;
      if (item === escapeSign) {
        at += 1;
        if (inClass(byte, pattern[at] ?? 0)) return !negated;
      } else if (pattern[at + 1] === dash && at + 2 < last) {
        if (item <= byte && byte <= (pattern[at + 2] ?? 0)) return !negated;
        at += 2;
      } else if (item === byte) {
        return !negated;
      }
    }
    return negated;
  }
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
const isLower = (byte: number): boolean => byte >= 97 && byte <= 122;
const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90;
const isGraph = (byte: number): boolean => byte >= 33 && byte <= 126;
const isLetter = (byte: number): boolean => isLower(byte) || isUpper(byte);

/** The classes of C's `ctype.h` in its own locale. */
const classes: Readonly<Record<string, (byte: number) => boolean>> = {
  a: isLetter,
  c: (byte) => byte < 32 || byte === 127,
  d: isDigit,
  g: isGraph,
  l: isLower,
  p: (byte) => isGraph(byte) && !isLetter(byte) && !isDigit(byte),
  s: (byte) => byte === 32 || (byte >= 9 && byte <= 13),
  u: isUpper,
  w: (byte) => isLetter(byte) || isDigit(byte),
  /** Out of the manual, still in PUC Lua 5.3. */
  z: (byte) => byte === 0,
  x: (byte) => isDigit(byte) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70),
};

function inClass(byte: number, letter: number): boolean {
  const test = classes[String.fromCharCode(letter | 32)];
  if (test === undefined || !isLetter(letter)) return letter === byte;
  return isUpper(letter) ? !test(byte) : test(byte);
}

/** Whether a pattern has no character of a meaning of its own, so that it can be looked for as it is. */
export const isLiteral = (pattern: Bytes): boolean =>
  !pattern.some((byte) => '^$*+?.([%-'.includes(String.fromCharCode(byte)));
