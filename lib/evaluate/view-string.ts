/**
 * A byte string as a literal of Fennel.
 *
 * Pure. Must not know: options by name.
 */
import type { ByteString } from '../lua/vm.ts';

export type StringStyle = {
  readonly escapeNewlines: boolean;
  /** Whether bytes that are not UTF-8 are escaped. */
  readonly utf8: boolean;
  /** A byte that can't stand for itself. */
  readonly escapeByte: (byte: number) => ByteString;
};

const letters: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
  '"': '\\"',
};

export function showString(bytes: ByteString, style: StringStyle): ByteString {
  const escaped = bytes.replace(/[\0-\x1f\x7f"\\]/g, (character) => {
    if (character === '\n') return style.escapeNewlines ? '\\n' : '\n';
    return letters[character] ?? style.escapeByte(character.charCodeAt(0));
  });
  const text = `"${escaped}"`;
  return style.utf8 ? escapeInvalid(text, style) : text;
}

/** One character of UTF-8 in two bytes or more; no surrogates, nothing longer than it has to be. */
const character =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

const escapeInvalid = (text: ByteString, style: StringStyle): ByteString =>
  text.replace(character, (found) => (found.length > 1 ? found : style.escapeByte(found.charCodeAt(0))));
