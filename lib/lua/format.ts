/**
 * The directives of `string.format`: one parsed directive and one value in, its text out.
 *
 * Pure. Must not know: stacks, errors of Lua; what a directive may not have is told by `parseDirective`.
 */
import { exponential, fixedPoint, general, hexadecimalFloat, notFinite, numberText } from './numbers.ts';

export type Directive = {
  readonly flags: string;
  readonly width: number;
  /** Null when none was given. */
  readonly precision: number | null;
  /** The letter, or an empty string where the format ends. */
  readonly letter: string;
  /** Where the text goes on. */
  readonly end: number;
};

/** Reads a directive; `at` is just after its `%`. */
export function parseDirective(format: string, at: number): Directive | { readonly problem: string } {
  const shape = /[-+ #0]*(\d{0,2})(?:(\.)(\d{0,2}))?/y;
  shape.lastIndex = at;
  const [all = '', width = '', dot, precision = ''] = shape.exec(format) ?? [];
  const flags = /^[-+ #0]*/.exec(all)?.[0] ?? '';
  if (flags.length >= 6) return { problem: 'invalid format (repeated flags)' };
  const end = at + all.length;
  const letter = format.charAt(end);
  if (/\d/.test(letter)) return { problem: 'invalid format (width or precision too long)' };
  return {
    flags,
    width: Number(width),
    precision: dot === undefined ? null : Number(precision),
    letter,
    end: end + 1,
  };
}

export const hasModifiers = (directive: Directive): boolean =>
  directive.flags !== '' || directive.width > 0 || directive.precision !== null;

/** `d i u o x X` of a whole number; a negative one has 64 bits where it is written without a sign. */
export function formatInteger(directive: Directive, value: bigint): string {
  const { flags, precision, letter } = directive;
  const signed = letter === 'd' || letter === 'i';
  const size = signed ? (value < 0n ? -value : value) : BigInt.asUintN(64, value);
  let digits = precision === 0 && size === 0n ? '' : size.toString(radix(letter));
  if (letter === 'X') digits = digits.toUpperCase();
  digits = digits.padStart(precision ?? 1, '0');
  if (flags.includes('#') && letter === 'o' && !digits.startsWith('0')) digits = `0${digits}`;
  const prefix = flags.includes('#') && size !== 0n && /x/i.test(letter) ? `0${letter}` : '';
  const sign = signed ? signOf(value < 0n, flags) : '';
  return pad(directive, sign + prefix, digits, precision === null);
}

const radix = (letter: string): number => (letter === 'o' ? 8 : /x/i.test(letter) ? 16 : 10);

/** `e E f g G a A` of any number. */
export function formatFloat(directive: Directive, value: number): string {
  const { flags, letter } = directive;
  const text = Number.isFinite(value) ? finiteText(directive, value) : notFinite(value);
  const negative = text.startsWith('-');
  const size = negative ? text.slice(1) : text;
  const hex = /a/i.test(letter) && Number.isFinite(value);
  const prefix = signOf(negative, flags) + (hex ? '0x' : '');
  const padded = pad(directive, prefix, hex ? size.slice(2) : size, Number.isFinite(value));
  return /[EGA]/.test(letter) ? padded.toUpperCase() : padded;
}

function finiteText(directive: Directive, value: number): string {
  const { precision, letter } = directive;
  const alternate = directive.flags.includes('#');
  const places = precision ?? 6;
  const dotted = (text: string, end: RegExp): string =>
    alternate && !text.includes('.') ? text.replace(end, '.$&') : text;
  switch (letter.toLowerCase()) {
    case 'a':
      return dotted(hexadecimalFloat(value, precision), /p/);
    case 'e':
      return dotted(exponential(value, places), /e/);
    case 'f':
      return dotted(fixedPoint(value, places), /$/);
    default:
      return dotted(general(value, places, alternate), /e|$/);
  }
}

const signOf = (negative: boolean, flags: string): string => {
  if (negative) return '-';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
};

/** Fills up to the width: with zeros between sign and digits if that is asked for and allowed. */
function pad(directive: Directive, sign: string, digits: string, zerosAllowed: boolean): string {
  const { flags, width } = directive;
  if (flags.includes('-')) return (sign + digits).padEnd(width);
  if (flags.includes('0') && zerosAllowed) return sign + digits.padStart(width - sign.length, '0');
  return (sign + digits).padStart(width);
}

/** `c` and `s` of a text that is already cut or may be cut. */
export function formatText(directive: Directive, text: string): string {
  const cut = directive.precision === null ? text : text.slice(0, directive.precision);
  return directive.flags.includes('-') ? cut.padEnd(directive.width) : cut.padStart(directive.width);
}

/** `q` of a string: as Lua reads it. */
export function quoteString(text: string): string {
  const body = text.replace(/["\\\n]|[\0-\x1f\x7f]([0-9]?)/g, (found, digit?: string) => {
    const [character = ''] = found;
    if (character === '"' || character === '\\' || character === '\n') return `\\${character}`;
    const code = String(character.charCodeAt(0));
    return `\\${digit ? code.padStart(3, '0') : code}${digit ?? ''}`;
  });
  return `"${body}"`;
}

/** `q` of a number. */
export function quoteNumber(value: number, float: boolean): string {
  if (float) return Number.isFinite(value) ? hexadecimalFloat(value, null) : notFinite(value);
  return numberText(value, false);
}
