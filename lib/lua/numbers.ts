/**
 * Numbers as Lua 5.3 and C write and read them: rounding to even, exponents of two digits, hexadecimal floats,
 * integers of 32 bits.
 *
 * Pure. Must not know: fengari.
 */

export type Numeral = { readonly value: number; readonly float: boolean };

export const maxInteger = 2147483647;
export const minInteger = -2147483648;

export const isInteger32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0);

/** C's `%.<precision>e` of a finite number, `precision` at most 99. */
export function exponential(value: number, precision: number): string {
  const [mantissa = '', exponent = '+0'] = tieToEven(precision, (places) =>
    value.toExponential(places),
  ).split('e');
  const sign = Object.is(value, -0) ? '-' : '';
  return `${sign}${mantissa}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}

/** C's `%.<precision>f` of a finite number. */
export function fixedPoint(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  // From here on JavaScript would write an exponent; such a number is whole.
  if (size >= 1e21) return `${sign}${BigInt(size)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
  return sign + tieToEven(precision, (places) => size.toFixed(places));
}

/** C's `%.<precision>g` of a finite number; `keepZeros` is its flag `#`. */
export function general(value: number, precision: number, keepZeros = false): string {
  const digits = Math.max(precision, 1);
  const scientific = exponential(value, digits - 1);
  const [mantissa = '', exponentText = '0'] = scientific.split('e');
  const exponent = value === 0 ? 0 : Number(exponentText);
  if (exponent < -4 || exponent >= digits) {
    return keepZeros ? scientific : `${trimZeros(mantissa)}e${exponentText}`;
  }
  const fixed = fixedPoint(value, digits - 1 - exponent);
  return keepZeros ? fixed : trimZeros(fixed);
}

/** C's `%a`, rounded to `precision` hexadecimal places if that is not null. */
export function hexadecimalFloat(value: number, precision: number | null): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  let lead = biased === 0 ? 0n : 1n;
  let fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const exponent = value === 0 ? 0 : Math.max(biased, 1) - 1023;
  if (precision !== null && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const whole = (lead << 52n) | fraction;
    const kept = whole >> dropped;
    const rest = whole - (kept << dropped);
    const half = 1n << (dropped - 1n);
    const rounded = rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
    lead = rounded >> BigInt(4 * precision);
    fraction = rounded - (lead << BigInt(4 * precision));
  }
  const width = Math.min(precision ?? 13, 13);
  const places = width === 0 ? '' : fraction.toString(16).padStart(width, '0');
  const shown = precision === null ? places.replace(/0+$/, '') : places.padEnd(precision, '0');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return `${sign}0x${lead}${shown === '' ? '' : `.${shown}`}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

/** How `tostring` writes a number: C's `%.14g`, a whole float with `.0`. */
export function numberText(value: number, float: boolean): string {
  if (!float) return String(value);
  if (!Number.isFinite(value)) return notFinite(value);
  const text = general(value, 14);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** On the machines that PUC Lua mostly runs on, the NaN that arithmetic makes has its sign set. */
export const notFinite = (value: number): string =>
  Number.isNaN(value) ? '-nan' : value > 0 ? 'inf' : '-inf';

/**
 * JavaScript rounds an exact half away from zero, C to the even digit. `write` gives the number with so many
 * places, exactly as far as they go.
 */
function tieToEven(places: number, write: (places: number) => string): string {
  const rounded = write(places);
  const half = /^(.*\d)\.?5(e.*)?$/.exec(write(places + 1));
  if (half === null) return rounded;
  const [, kept = '', exponent = ''] = half;
  const exact = write(Math.min(100, places + 26));
  const [digits = ''] = exact.split('e');
  const isTie = /^50*$/.test(digits.slice(places === 0 ? kept.length + 1 : kept.length));
  return isTie && /[02468]$/.test(kept) ? `${kept}${exponent}` : rounded;
}

const trimZeros = (digits: string): string =>
  digits.includes('.') ? digits.replace(/0+$/, '').replace(/\.$/, '') : digits;

const decimal = /^[ \t\n\v\f\r]*[+-]?((\d+)(?:\.\d*)?|\.\d+)(e[+-]?\d+)?[ \t\n\v\f\r]*$/i;
const hexadecimal =
  /^[ \t\n\v\f\r]*([+-]?)0x(?:([0-9a-f]+)(\.[0-9a-f]*)?|(\.[0-9a-f]+))(p[+-]?\d+)?[ \t\n\v\f\r]*$/i;

/** A whole text as a number, surrounding space allowed, or null. An integer past 32 bits is a float. */
export function readNumber(text: string): Numeral | null {
  const match = decimal.exec(text);
  if (match === null) return readHexadecimal(text);
  const value = Number(text);
  return numeral(value, match[1] === match[2] && match[3] === undefined);
}

function readHexadecimal(text: string): Numeral | null {
  const match = hexadecimal.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction, bareFraction, power] = match;
  const places = (fraction ?? bareFraction ?? '.').slice(1);
  const size = scale(Number(BigInt(`0x${whole}${places}`)), Number(power?.slice(1) ?? 0) - 4 * places.length);
  const isWhole = fraction === undefined && bareFraction === undefined && power === undefined;
  return numeral(sign === '-' ? -size : size, isWhole);
}

const numeral = (value: number, whole: boolean): Numeral =>
  whole && value >= minInteger && value <= maxInteger
    ? { value: value === 0 ? 0 : value, float: false }
    : { value, float: true };

/** `value * 2^power` without leaving the range of floats halfway. */
function scale(value: number, power: number): number {
  let result = value;
  let left = Math.max(-4000, Math.min(4000, power));
  while (left !== 0 && result !== 0 && Number.isFinite(result)) {
    const step = Math.max(-1000, Math.min(1000, left));
    result *= 2 ** step;
    left -= step;
  }
  return result;
}
