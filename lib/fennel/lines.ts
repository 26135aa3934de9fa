/**
 * Offsets in a text ↔ lines and columns (columns count characters, from 1).
 *
 * Must not know: what the text is.
 */
import type { Position } from '../base/diagnostic.ts';

export class Lines {
  readonly #text: string;
  readonly #starts: number[] = [0];
  /** Whether every character is one code unit, so that columns need no counting. */
  readonly #narrow: boolean;
  /** Where the last answer was: questions come mostly in order. */
  #line = 0;

  constructor(text: string) {
    this.#text = text;
    this.#narrow = !/[\ud800-\udbff]/.test(text);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  position(offset: number): Position {
    let line = this.#line;
    if (this.#start(line) > offset) line = this.#search(offset);
    while (line + 1 < this.#starts.length && this.#start(line + 1) <= offset) line += 1;
    this.#line = line;
    const start = this.#start(line);
    const column = this.#narrow ? offset - start : Array.from(this.#text.slice(start, offset)).length;
    return { line: line + 1, column: column + 1 };
  }

  offsetOf(position: Position): number {
    const start = this.#start(position.line - 1);
    if (this.#narrow) return start + position.column - 1;
    const before = Array.from(this.#text.slice(start, start + 2 * position.column)).slice(
      0,
      position.column - 1,
    );
    return start + before.join('').length;
  }

  #start(line: number): number {
    return this.#starts[line] ?? this.#text.length;
  }

  /** The last line that starts at or before the offset. */
  #search(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#start(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
