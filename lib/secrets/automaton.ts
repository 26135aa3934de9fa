/**
 * Finds many byte strings at once in one pass: the automaton of Aho and Corasick, with the block table of Wu and
 * Manber in front of it, which passes over text where no form can begin without reading most of it.
 *
 * The tree is kept as child and sibling lists: a form of 64 KiB costs a few bytes a letter, not a row of 256.
 * Must not know: what the forms are, what happens to what is found.
 */
import type { Form } from './forms.ts';

export const root = 0;

/** A wider one would be hardly faster, and a folded line must be at least this long to be known as one. */
const widestWindow = 12;

export class Automaton {
  /** How many bytes `skip` looks ahead: no form is shorter. */
  readonly window: number;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #letter: Uint8Array;
  readonly #suffix: Int32Array;
  readonly #depth: Int32Array;
  readonly #pending: Int32Array;
  readonly #length: Int32Array;
  readonly #owner: Int32Array;
  readonly #foldable: Uint8Array;
  readonly #first = new Int32Array(256);
  readonly #shift = new Uint8Array(65_536);
  #size = 1;

  /** `owners`: for each form, the number that a match of it reports. */
  constructor(forms: readonly Form[], owners: readonly number[]) {
    const most = forms.reduce((sum, form) => sum + form.bytes.length, 1);
    this.window = forms.reduce((least, form) => Math.min(least, form.bytes.length), widestWindow);
    this.#child = new Int32Array(most);
    this.#sibling = new Int32Array(most);
    this.#letter = new Uint8Array(most);
    this.#suffix = new Int32Array(most);
    this.#depth = new Int32Array(most);
    this.#pending = new Int32Array(most);
    this.#length = new Int32Array(most);
    this.#owner = new Int32Array(most);
    this.#foldable = new Uint8Array(most);
    for (const [index, form] of forms.entries()) this.#insert(form, owners[index] ?? 0);
    this.#linkSuffixes();
    this.#fillShifts(forms);
  }

  /** The state after one more byte: the longest end of what was read that begins some form. */
  step(from: number, byte: number): number {
    let state = from;
    while (state !== root) {
      let child = this.#child[state] ?? 0;
      while (child !== 0 && this.#letter[child] !== byte) child = this.#sibling[child] ?? 0;
      if (child !== 0) return child;
      state = this.#suffix[state] ?? 0;
    }
    return this.#first[byte] ?? 0;
  }

  /** How many of the bytes read last may be the beginning of a form that is not complete. */
  pending(state: number): number {
    return this.#pending[state] ?? 0;
  }

  /** The length of the longest form that ends here; 0 when none does. */
  matched(state: number): number {
    return this.#length[state] ?? 0;
  }

  /** The owner of the longest form that ends here. */
  owner(state: number): number {
    return this.#owner[state] ?? 0;
  }

  /**
   * Whether a line may break after `state` without ending the form. Below `window` it may not: `skip` passes over
   * such short beginnings, and what is found must not depend on where it could be used.
   */
  folds(state: number, byte: number): boolean {
    if (byte !== 0x0a && byte !== 0x0d) return false;
    const depth = this.#depth[state] ?? 0;
    if (this.#foldable[state] === 0 || this.#child[state] === 0 || depth < this.window) return false;
    return (this.#depth[this.step(state, byte)] ?? 0) <= depth;
  }

  /**
   * From `at`, where nothing is pending, the first place before `end` where a form may begin, or `end`: no form
   * begins in the bytes passed over.
   */
  skip(bytes: Buffer, at: number, end: number): number {
    const shift = this.#shift;
    const first = this.#first;
    const last = this.window - 1;
    let place = at;
    while (place + last < end) {
      const step = shift[((bytes[place + last - 1] ?? 0) << 8) | (bytes[place + last] ?? 0)] ?? 0;
      if (step === 0) break;
      place += step;
    }
    while (place < end && first[bytes[place] ?? 0] === 0) place += 1;
    return place;
  }

  #insert(form: Form, owner: number): void {
    let state = root;
    for (const byte of form.bytes) {
      let child = this.#child[state] ?? 0;
      while (child !== 0 && this.#letter[child] !== byte) child = this.#sibling[child] ?? 0;
      if (child === 0) {
        child = this.#size;
        this.#size += 1;
        this.#letter[child] = byte;
        this.#depth[child] = (this.#depth[state] ?? 0) + 1;
        this.#sibling[child] = this.#child[state] ?? 0;
        this.#child[state] = child;
        if (state === root) this.#first[byte] = child;
      }
      state = child;
      if (form.foldable) this.#foldable[state] = 1;
    }
    if (this.#length[state] !== 0) return;
    this.#length[state] = form.bytes.length;
    this.#owner[state] = owner;
  }

  /** Breadth first, so that a state's suffix is complete before the state itself is asked for. */
  #linkSuffixes(): void {
    const queue = new Int32Array(this.#size);
    let filled = 1;
    for (let next = 0; next < filled; next += 1) {
      const state = queue[next] ?? 0;
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        const suffix = state === root ? root : this.step(this.#suffix[state] ?? 0, this.#letter[child] ?? 0);
        this.#suffix[child] = suffix;
        if (this.#length[child] === 0) {
          this.#length[child] = this.#length[suffix] ?? 0;
          this.#owner[child] = this.#owner[suffix] ?? 0;
        }
        const complete = this.#child[child] === 0;
        this.#pending[child] = (complete ? this.#pending[suffix] : this.#depth[child]) ?? 0;
        queue[filled] = child;
        filled += 1;
      }
    }
  }

  /** For the last two bytes of a window of `window` bytes: how far on the nearest form that holds them begins. */
  #fillShifts(forms: readonly Form[]): void {
    const shift = this.#shift;
    const last = this.window - 1;
    shift.fill(last);
    for (const { bytes } of forms) {
      for (let at = 1; at <= last; at += 1) {
        const block = ((bytes[at - 1] ?? 0) << 8) | (bytes[at] ?? 0);
        shift[block] = Math.min(shift[block] ?? 0, last - at);
      }
    }
  }
}
