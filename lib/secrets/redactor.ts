/**
 * The one masker that everything recorded or shown goes through.
 *
 * Must not know: logs, pages, terminals: it is given bytes or text, and gives back the same with secrets replaced.
 */
import { unreachable } from '../base/unreachable.ts';
import { Automaton } from './automaton.ts';
import { countShortLines, type Form, formsOf, shortestForm } from './forms.ts';
import { type Known, MaskStream } from './mask-stream.ts';
import type { Secret } from './secret.ts';

/** What of a secret will be seen in spite of masking. */
export type MaskWarning =
  | { readonly reason: 'too-short'; readonly name: string }
  | { readonly reason: 'short-lines'; readonly name: string; readonly lines: number };

export function sayMaskWarning(warning: MaskWarning): string {
  switch (warning.reason) {
    case 'too-short':
      return `secret '${warning.name}' is shorter than ${shortestForm} bytes and is not masked`;
    case 'short-lines':
      return `secret '${warning.name}' has lines shorter than ${shortestForm} bytes, which are not masked on their own`;
    default:
      return unreachable(warning);
  }
}

export class Redactor {
  readonly #forms: Form[] = [];
  readonly #owners: number[] = [];
  readonly #labels: Buffer[] = [];
  readonly #values = new Set<string>();
  #known: Known | null = { automaton: null, labels: this.#labels };

  /**
   * Masks a secret from now on, in streams that are open too. Call it before the value is given out.
   * Adding the same one again changes nothing and warns of nothing.
   */
  add(secret: Secret): MaskWarning[] {
    const { name } = secret;
    const value = secret.revealBytes();
    const key = `${name}\n${value.toString('latin1')}`;
    if (this.#values.has(key)) return [];
    this.#values.add(key);
    const forms = formsOf(value);
    if (forms.length === 0) return [{ reason: 'too-short', name }];
    const owner = this.#labels.push(Buffer.from(secret.toString())) - 1;
    this.#forms.push(...forms);
    this.#owners.push(...forms.map(() => owner));
    this.#known = null;
    const lines = countShortLines(value);
    return lines === 0 ? [] : [{ reason: 'short-lines', name, lines }];
  }

  /** A new stream of bytes: one for each output that is written piece by piece. */
  stream(): MaskStream {
    return new MaskStream(() => this.#whatIsKnown());
  }

  /** A whole text. */
  mask(text: string): string {
    if (this.#whatIsKnown().automaton === null) return text;
    const bytes = Buffer.from(text);
    const masked = this.maskBytes(bytes);
    return masked.equals(bytes) ? text : masked.toString();
  }

  /** The whole of something that is not text, or not known to be. */
  maskBytes(bytes: Uint8Array): Buffer {
    const stream = this.stream();
    const decided = stream.write(bytes);
    const rest = stream.flush();
    return rest.length === 0 ? decided : Buffer.concat([decided, rest]);
  }

  #whatIsKnown(): Known {
    this.#known ??= { automaton: new Automaton(this.#forms, this.#owners), labels: this.#labels };
    return this.#known;
  }
}
