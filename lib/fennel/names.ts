/**
 * Names: which words are Lua identifiers, how a symbol falls into parts, how a Fennel name becomes a Lua one.
 *
 * Pure. Must not know: scopes (whether a name is taken) or what a symbol means.
 */
import type { ByteString } from './forms.ts';

const luaKeywords = new Set(
  (
    'and break do else elseif end false for function goto if in local nil not or repeat return then true ' +
    'until while'
  ).split(' '),
);

export const isLuaIdentifier = (word: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(word) && !luaKeywords.has(word);

/** The UTF-8 bytes of a text, one code unit a byte. */
export function bytesOfText(text: string): ByteString {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text of bytes, U+FFFD for what is not UTF-8. */
export const textOfBytes = (bytes: ByteString): string => Buffer.from(bytes, 'latin1').toString('utf8');

/**
 * The Lua identifier a local of this name would like to have. Different names may want the same one;
 * the scope keeps them apart.
 */
export function mangle(name: string): string {
  if (isLuaIdentifier(name)) return name;
  const dashed = name.replaceAll('-', '_');
  if (isLuaIdentifier(dashed)) return dashed;
  const start = luaKeywords.has(name) || /^[0-9]/.test(name) ? `_${name}` : name;
  let mangled = '';
  for (const byte of Buffer.from(start, 'utf8')) {
    const letter = String.fromCharCode(byte);
    if (letter === '-') mangled += '_';
    else if (/[A-Za-z0-9_]/.test(letter)) mangled += letter;
    else mangled += `_${byte.toString(16).padStart(2, '0')}`;
  }
  return mangled;
}

/** `a.b.c` or `a.b:c`: the parts, and whether the last one is a method. */
export type MultiSymbol = { readonly parts: readonly string[]; readonly method: boolean };

/** The parts of a dotted symbol, or null for a plain one. `.`, `..`, `...` and `?.` are plain. */
export function multiSymbol(name: string): MultiSymbol | null {
  const colon = name.indexOf(':');
  if (colon < 0 && !name.includes('.')) return null;
  const parts = name.split(/[.:]/);
  // Nothing on one side of a separator: `.`, `..`, `:`, `?.`, `.x`, `$...`.
  if (parts.includes('')) return null;
  // A method comes last, and there is one at most.
  if (colon >= 0 && colon !== name.length - 1 - (parts.at(-1)?.length ?? 0)) return null;
  return { parts, method: colon >= 0 };
}
