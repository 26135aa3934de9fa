/**
 * Strings: Fennel's escapes read, Lua's written. A string of the program is bytes.
 *
 * Must not know: forms, or where a string is used.
 */
import { err, ok, type Result } from '../base/result.ts';
import type { ByteString } from './forms.ts';
import { bytesOfText } from './names.ts';

export type BadString = {
  readonly reason: 'bad-escape' | 'bad-decimal-escape' | 'bad-unicode-escape';
  readonly offset: number;
};

const letters: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '\n': '\n',
};

/** The bytes between two quotes, which stand just outside `start` and `end`. */
export function unescapeString(text: string, start: number, end: number): Result<ByteString, BadString> {
  const raw = text.slice(start, end);
  if (!raw.includes('\\')) return ok(bytesOfText(raw.includes('\r') ? raw.replaceAll('\r\n', '\n') : raw));
  let bytes = '';
  let at = start;
  while (at < end) {
    const slash = text.indexOf('\\', at);
    if (slash < 0 || slash >= end) {
      bytes += bytesOfText(text.slice(at, end).replaceAll('\r\n', '\n'));
      break;
    }
    bytes += bytesOfText(text.slice(at, slash).replaceAll('\r\n', '\n'));
    const found = readEscape(text, slash + 1, end);
    if (!found.ok) return found;
    bytes += found.value.bytes;
    at = found.value.next;
  }
  return ok(bytes);
}

type Escape = { readonly bytes: ByteString; readonly next: number };

function readEscape(text: string, at: number, end: number): Result<Escape, BadString> {
  const letter = text.charAt(at);
  const plain = Object.hasOwn(letters, letter) ? letters[letter] : undefined;
  if (plain !== undefined) return ok({ bytes: plain, next: at + 1 });
  const rest = text.slice(at, Math.min(end, at + 12));
  const decimal = /^[0-9]{1,3}/.exec(rest);
  if (decimal !== null) {
    const value = Number(decimal[0]);
    if (value > 255) return err({ reason: 'bad-decimal-escape', offset: at });
    return ok({ bytes: String.fromCharCode(value), next: at + decimal[0].length });
  }
  const hex = /^x([0-9a-fA-F]{2})/.exec(rest);
  if (hex !== null)
    return ok({ bytes: String.fromCharCode(Number.parseInt(hex[1] ?? '', 16)), next: at + 3 });
  const unicode = /^u\{([0-9a-fA-F]+)\}/.exec(rest);
  if (unicode !== null) {
    const point = Number.parseInt(unicode[1] ?? '', 16);
    if (point > 0x7fffffff) return err({ reason: 'bad-unicode-escape', offset: at });
    return ok({ bytes: encodePoint(point), next: at + unicode[0].length });
  }
  if (letter === 'z') {
    let next = at + 1;
    while (next < end && /\s/.test(text.charAt(next))) next += 1;
    return ok({ bytes: '', next });
  }
  if (letter === '\r' && text.charAt(at + 1) === '\n') return ok({ bytes: '\n', next: at + 2 });
  return err({ reason: letter === 'u' ? 'bad-unicode-escape' : 'bad-escape', offset: at });
}

/** UTF-8 as Lua encodes it: surrogates and points past U+10FFFF too. */
function encodePoint(point: number): ByteString {
  if (point < 0x80) return String.fromCharCode(point);
  const tail: number[] = [];
  let rest = point;
  let room = 0x3f;
  while (rest > room) {
    tail.unshift(0x80 | (rest & 0x3f));
    rest = Math.floor(rest / 64);
    room >>= 1;
  }
  return String.fromCharCode(((~room << 1) & 0xff) | rest, ...tail);
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** A Lua string literal. Text that is UTF-8 stays readable; every other byte is a decimal escape. */
export function luaString(bytes: ByteString): string {
  if (/^[ !#-[\]-~]*$/.test(bytes)) return `"${bytes}"`;
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const wide = /^[\xc2-\xf4][\x80-\xbf]{1,3}/.exec(bytes.slice(at, at + 4))?.[0];
    const decoded = wide === undefined ? null : decodeOne(wide);
    if (decoded !== null) {
      text += decoded.text;
      at += decoded.length;
      continue;
    }
    const byte = bytes.charAt(at);
    const known = Object.hasOwn(escapes, byte) ? escapes[byte] : undefined;
    const code = bytes.charCodeAt(at);
    if (known !== undefined) text += known;
    else if (code < 32 || code >= 127) text += `\\${String(code).padStart(3, '0')}`;
    else text += byte;
    at += 1;
  }
  return `"${text}"`;
}

/** The first character of some bytes, or null when they are not UTF-8 or not fit to be seen. */
function decodeOne(bytes: ByteString): { text: string; length: number } | null {
  const lead = bytes.charCodeAt(0);
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const text = Buffer.from(bytes.slice(0, length), 'latin1').toString('utf8');
  const seen = Array.from(text).length === 1 && !/[\ufffd\u0080-\u009f\u2028\u2029\ufeff]/.test(text);
  return seen && bytes.length >= length ? { text, length } : null;
}
