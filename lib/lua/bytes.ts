/**
 * fengari's strings, mended. Imported before every other part of fengari: its lexer keeps what it finds here.
 *
 * Must not know: any other part of fengari.
 */
import type { Bytes, StringObject } from 'fengari';
import strings from 'fengari/src/lstring.js';

/** Bytes as text of one code unit (0–255) each. */
export function latin1(bytes: Bytes): string {
  if (bytes.length > 24) return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** The bytes of a text whose code units are all 0–255. */
export function fromLatin1(text: string): Bytes {
  if (text.length > 24) return new Uint8Array(Buffer.from(text, 'latin1'));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A string object that takes over `bytes`. */
export const newString = (bytes: Bytes): StringObject => new strings.TString(null, bytes);

/** Hears how many bytes of strings were made, in lots of about `lot`. */
export type StringAlarm = (bytes: number) => void;

const lot = 4 * 1024 * 1024;
let alarm: StringAlarm | null = null;
let unheard = 0;

/**
 * Sets who hears of the strings that are made from now on, and answers with who did before. Strings live in buffers
 * that no heap limit counts, and one instruction can make a very long one, so the count hook alone would be late.
 */
export function hearStrings(next: StringAlarm | null): StringAlarm | null {
  const before = alarm;
  alarm = next;
  return before;
}

/** The mark keeps strings apart from other keys of fengari's. */
const keyOf = (bytes: Bytes): string => `|${latin1(bytes)}`;

type MendedString = StringObject & { bytes: Bytes; key: string | null };

/**
 * fengari finds table entries, and orders strings, by hexadecimal digits without leading zeros: `"\n\n"` and
 * `"\xaa"` were one key, and a newline came after `"A"`. One code unit a byte has neither fault, and is
 * faster.
 */
Object.defineProperties(strings.TString.prototype, {
  hash: {
    get(this: MendedString): string {
      this.key ??= keyOf(this.bytes);
      return this.key;
    },
    set(this: MendedString) {
      this.key = null;
    },
  },
  realstring: {
    get(this: MendedString): Bytes {
      return this.bytes;
    },
    set(this: MendedString, bytes: Bytes) {
      this.bytes = bytes;
      unheard += bytes.length;
      if (unheard < lot) return;
      const heard = unheard;
      unheard = 0;
      alarm?.(heard);
    },
  },
});

/** The lexer's table of reserved words is made with this one. */
strings.luaS_hash = keyOf;
