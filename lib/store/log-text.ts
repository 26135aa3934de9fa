/**
 * Output bytes as the text of a log line, at the speed of the pipe they come from.
 *
 * What `quoted` does to a string, done to UTF-8 bytes in place: four ordinary letters at a time, since a log is
 * mostly those. Must not know: files, commands.
 */

const asItIs = 0;
const asHex = 1;
const needsLook = 2;

/** Of a pair that was not met yet. */
const unknown = 0xff;

/**
 * What becomes of each byte: it stays, it becomes `\\u00xx`, what follows must be looked at, or, for any other
 * number, it becomes `\\` and the letter with that code.
 */
const fates = new Uint8Array(256);
for (let code = 0; code < 0x20; code += 1) fates[code] = asHex;
for (const [code, letter] of Object.entries({
  8: 'b',
  9: 't',
  10: 'n',
  12: 'f',
  13: 'r',
  34: '"',
  92: '\\',
})) {
  fates[Number(code)] = letter.charCodeAt(0);
}
fates[0x7f] = asHex;
// First bytes of U+0080 to 00BF, U+2000 to 2FFF and U+F000 to FFFF, among which are the ones that are escaped.
for (const first of [0xc2, 0xe2, 0xef]) fates[first] = needsLook;

/**
 * What becomes of two bytes at once, as up to four bytes in one number, and how many those are; 0 when either byte
 * needs more. Found out when a pair is first met: a log has few of them, and a run should not wait for all.
 */
const pairTexts = new Int32Array(0x10000);
const pairSizes = new Uint8Array(0x10000).fill(unknown);

function sizeOfPair(pair: number): number {
  const first = pair & 0xff;
  const second = pair >> 8;
  const fate = fates[first] ?? asItIs;
  const next = fates[second] ?? asItIs;
  let size = 0;
  if (isShort(fate) && isShort(next)) {
    size = (fate === asItIs ? 1 : 2) + (next === asItIs ? 1 : 2);
    pairTexts[pair] = shortText(first, fate) | (shortText(second, next) << (fate === asItIs ? 8 : 16));
  }
  pairSizes[pair] = size;
  return size;
}

const isShort = (fate: number): boolean => fate !== asHex && fate !== needsLook;

const shortText = (code: number, fate: number): number => (fate === asItIs ? code : backslash | (fate << 8));

const backslash = 0x5c;

const hex = Buffer.from('0123456789abcdef');

/** The most that one character can grow to: `\u001b` for a byte, 6 for 1. */
const longestEscape = 6;

/** A buffer that text is written into, from `at` on. */
export type Target = { readonly bytes: Buffer; readonly view: DataView; at: number };

export function newTarget(size: number): Target {
  const bytes = Buffer.allocUnsafeSlow(size);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size), at: 0 };
}

/**
 * Writes valid UTF-8 as the inside of a double-quoted string until the input ends or the target is at `limit`.
 * Never stops within a character. Answers how many bytes it took.
 */
export function writeEscaped(target: Target, input: Uint8Array, limit: number): number {
  const from = new DataView(input.buffer, input.byteOffset, input.length);
  const { bytes, view } = target;
  const last = limit - longestEscape;
  let at = target.at;
  let next = 0;
  while (next < input.length && at <= last) {
    while (next + 4 <= input.length && at <= last) {
      const word = from.getInt32(next, true);
      // A bit is set at the top of a byte that is below 0x20, `"`, `\`, 0x7f or above; never a miss.
      const special =
        (word - 0x20202020) |
        ((word ^ 0x22222222) - 0x01010101) |
        ((word ^ 0x5c5c5c5c) - 0x01010101) |
        (word + 0x01010101) |
        word;
      if ((special & 0x80808080) !== 0) break;
      view.setInt32(at, word, true);
      at += 4;
      next += 4;
    }
    // One special letter is seldom alone, and its neighbours are not worth another look at four.
    for (let pairs = 0; pairs < 2 && next + 2 <= input.length && at <= last; pairs += 1) {
      const pair = from.getUint16(next, true);
      const known = pairSizes[pair] ?? 0;
      const size = known === unknown ? sizeOfPair(pair) : known;
      if (size === 0) break;
      view.setInt32(at, pairTexts[pair] ?? 0, true);
      at += size;
      next += 2;
    }
    if (next >= input.length || at > last) break;
    const code = input[next] ?? 0;
    const fate = fates[code] ?? asItIs;
    if (fate === asItIs) {
      bytes[at] = code;
      at += 1;
      next += 1;
    } else if (fate > needsLook) {
      bytes[at] = backslash;
      bytes[at + 1] = fate;
      at += 2;
      next += 1;
    } else {
      const character = fate === asHex ? code : escapedCharacter(input, next);
      if (fate === needsLook && character === 0) {
        bytes[at] = code;
        at += 1;
        next += 1;
      } else {
        writeHex(bytes, at, character);
        at += longestEscape;
        next += fate === asHex ? 1 : code === 0xc2 ? 2 : 3;
      }
    }
  }
  // The limit leaves room for the rest of a character that was begun.
  while (next < input.length && isContinuation(input[next] ?? 0)) {
    bytes[at] = input[next] ?? 0;
    at += 1;
    next += 1;
  }
  target.at = at;
  return next;
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

function writeHex(bytes: Buffer, at: number, code: number): void {
  bytes[at] = backslash;
  bytes[at + 1] = 0x75;
  for (let digit = 0; digit < 4; digit += 1) {
    bytes[at + 2 + digit] = hex[(code >> (12 - 4 * digit)) & 15] ?? 0;
  }
}

/** The character that begins here, when some YAML reader refuses or folds it, else 0. */
function escapedCharacter(input: Uint8Array, from: number): number {
  const first = input[from] ?? 0;
  const second = input[from + 1] ?? 0;
  if (first === 0xc2) return second < 0xa0 ? second : 0;
  const code = ((first & 15) << 12) | ((second & 63) << 6) | ((input[from + 2] ?? 0) & 63);
  return code === 0x2028 || code === 0x2029 || code === 0xfeff || code >= 0xfffe ? code : 0;
}
