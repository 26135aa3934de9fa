/**
 * A value that cannot print itself.
 *
 * Must not know: where values come from, who asks for them, what is masked.
 */
import { inspect } from 'node:util';
import { refMatches } from '../base/ids.ts';

/** What stands for a secret wherever its text was. */
export const maskOf = (name: string): string => `{{ ${name} }}`;

/** Printing it in any way, JSON and `console.log` too, gives `{{ name }}`. */
export class Secret {
  readonly name: string;
  readonly #value: Buffer;
  readonly #refs: readonly string[] | null;

  /** `refs`: the refs whose runs may have it (see `refMatches`); null, the default, means all. */
  constructor(name: string, value: string | Uint8Array, refs: readonly string[] | null = null) {
    this.name = name;
    this.#value = Buffer.from(value);
    this.#refs = refs;
  }

  /** The value as text. Every call is a place to review. */
  reveal(): string {
    return this.#value.toString();
  }

  /** The value's own bytes, which need not be UTF-8. */
  revealBytes(): Buffer {
    return Buffer.from(this.#value);
  }

  allows(ref: string): boolean {
    return this.#refs === null || this.#refs.some((pattern) => refMatches(pattern, ref));
  }

  toString(): string {
    return maskOf(this.name);
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
