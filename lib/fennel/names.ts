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

export const isLuaKeyword = (word: string): boolean => luaKeywords.has(word);

export const isLuaIdentifier = (word: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(word) && !luaKeywords.has(word);

/** The UTF-8 bytes of a text, one code unit a byte. */
export function bytesOfText(text: string): ByteString {
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

/** The text of bytes, U+FFFD for what is not UTF-8. */
export const textOfBytes = (bytes: ByteString): string => Buffer.from(bytes, 'latin1').toString('utf8');

/**
 * The Lua identifier a local of this name would like to have. Different names may want the same one;
 * the scope keeps them apart.
 */
export function mangle(name: string): string {
  if (isLuaIdentifier(name)) return name;
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
  if (name === '$...') return null;
  let separators = 0;
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    if (code === 46 || code === 58) {
      // A separator at either end or next to another one: `.`, `..`, `:`, `?.`, `.x`.
      if (i === 0 || i === name.length - 1) return null;
      const next = name.charCodeAt(i + 1);
      if (next === 46 || next === 58) return null;
      separators += 1;
    }
  }
  if (separators === 0) return null;
  const colon = name.lastIndexOf(':');
  if (colon >= 0 && name.indexOf('.', colon) >= 0) return null;
  const parts = name.split(/[.:]/);
  return { parts, method: colon >= 0 };
}
