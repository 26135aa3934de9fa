/**
 * Output bytes as the text of a log line, at the speed of the pipe they come from.
 *
 * What `quoted` does to a string, done to UTF-8 bytes in place: four ordinary letters at a time, since a log is
 * mostly those. Must not know: files, commands.
 */

/** ASCII that stands for itself within double quotes. */
const plain = new Uint8Array(128);
for (let code = 0x20; code < 0x7f; code += 1) plain[code] = 1;
plain[0x22] = 0;
plain[0x5c] = 0;

const short: Readonly<Record<number, number>> = {
  8: 0x62,
  9: 0x74,
  10: 0x6e,
  12: 0x66,
  13: 0x72,
  34: 0x22,
  92: 0x5c,
};

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
    const until = Math.min(input.length, next + 4);
    while (next < until && at <= last) {
      const code = input[next] ?? 0;
      if (code < 0x80) {
        if (plain[code] === 1) bytes[at++] = code;
        else at = writeAscii(bytes, at, code);
        next += 1;
        continue;
      }
      const length = code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;
      at = writeLong(bytes, at, input, next, length);
      next += length;
    }
  }
  target.at = at;
  return next;
}

function writeAscii(bytes: Buffer, at: number, code: number): number {
  const letter = short[code];
  bytes[at] = 0x5c;
  if (letter === undefined) return writeHex(bytes, at, code);
  bytes[at + 1] = letter;
  return at + 2;
}

function writeHex(bytes: Buffer, at: number, code: number): number {
  bytes[at] = 0x5c;
  bytes[at + 1] = 0x75;
  for (let digit = 0; digit < 4; digit += 1) {
    bytes[at + 2 + digit] = hex[(code >> (12 - 4 * digit)) & 15] ?? 0;
  }
  return at + 6;
}

/** A character of several bytes; the few that some YAML reader refuses or folds become escapes. */
function writeLong(bytes: Buffer, at: number, input: Uint8Array, from: number, length: number): number {
  const [a = 0, b = 0, c = 0] = [input[from], input[from + 1], input[from + 2]];
  if (length === 2 && a === 0xc2 && b < 0xa0) return writeHex(bytes, at, b);
  if (length === 3 && (a === 0xe2 || a === 0xef)) {
    const code = ((a & 15) << 12) | ((b & 63) << 6) | (c & 63);
    const escaped = code === 0x2028 || code === 0x2029 || code === 0xfeff || code >= 0xfffe;
    if (escaped) return writeHex(bytes, at, code);
  }
  for (let byte = 0; byte < length; byte += 1) bytes[at + byte] = input[from + byte] ?? 0;
  return at + length;
}

/** How many bytes at the end may be the beginning of a character whose rest has not come yet: 0 to 3. */
export function unfinishedTail(input: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, input.length); back += 1) {
    const code = input[input.length - back] ?? 0;
    if (code < 0x80) return 0;
    if (code < 0xc0) continue;
    const length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
    return code < 0xf8 && length > back ? back : 0;
  }
  return 0;
}
