/**
 * Numbers: as Fennel writes them, and as Lua reads them again.
 *
 * Integers are 32 bits; what does not fit is a float.
 * Must not know: forms or scopes.
 */

export type ReadNumber = { readonly value: number; readonly float: boolean };

const named: Readonly<Record<string, number>> = {
  '.inf': Number.POSITIVE_INFINITY,
  '+.inf': Number.POSITIVE_INFINITY,
  '-.inf': Number.NEGATIVE_INFINITY,
  '.nan': Number.NaN,
  '+.nan': Number.NaN,
  '-.nan': Number.NaN,
};

/** The number a word is, null when it is a symbol, `malformed` when it begins like a number and is none. */
export function readNumber(word: string): ReadNumber | 'malformed' | null {
  const first = word.charCodeAt(0);
  const digitFirst = first >= 48 && first <= 57;
  // Most words are plain symbols: only a digit, a sign or a dot can begin a number.
  if (!digitFirst && first !== 43 && first !== 45 && first !== 46) return null;
  const special = Object.hasOwn(named, word) ? named[word] : undefined;
  if (special !== undefined) return { value: special, float: true };
  const number = parse(word.includes('_') ? word.replaceAll('_', '') : word);
  if (number !== null) return number;
  return digitFirst ? 'malformed' : null;
}

function parse(word: string): ReadNumber | null {
  // Most numbers are written the way they are printed.
  const plain = Number(word);
  if (Number.isInteger(plain) && String(plain) === word) return { value: plain, float: !fits(plain) };
  const hex = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:(\.)([0-9a-fA-F]*))?(?:[pP]([+-]?[0-9]+))?$/.exec(word);
  if (hex !== null) return parseHex(hex);
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(word)) return null;
  const value = Number(word);
  return { value, float: /[.eE]/.test(word) || !fits(value) };
}

function parseHex(parts: RegExpExecArray): ReadNumber | null {
  const [, sign, whole = '', point, fraction = '', exponent] = parts;
  if (whole === '' && fraction === '') return null;
  let value = 0;
  for (const digit of whole) value = value * 16 + Number.parseInt(digit, 16);
  let scale = 1 / 16;
  for (const digit of fraction) {
    value += Number.parseInt(digit, 16) * scale;
    scale /= 16;
  }
  if (exponent !== undefined) value *= 2 ** Number(exponent);
  if (sign === '-') value = -value;
  return { value, float: point !== undefined || exponent !== undefined || !fits(value) };
}

const fits = (value: number): boolean => value >= -2147483648 && value <= 2147483647;

/** Lua text that reads as this number again, also as an operand. */
export function luaNumber(value: number, float: boolean): string {
  if (Number.isNaN(value)) return '(0/0)';
  if (value === Number.POSITIVE_INFINITY) return '(1/0)';
  if (value === Number.NEGATIVE_INFINITY) return '(-1/0)';
  if (!float) {
    // Lua reads a sign apart from its digits, and the digits alone would not fit.
    return value === -2147483648 ? '(-2147483647 - 1)' : Object.is(value, -0) ? '0' : String(value);
  }
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
