/**
 * Small facts about text that several rooms need the same way.
 *
 * Must not know: who shows the text.
 */
import { distance } from 'fastest-levenshtein';

/**
 * The known name nearest to a mistaken one, or null when none is near enough to be what was meant:
 * at most `farthest` letters differ, by default a third of them.
 */
export function nearest(
  word: string,
  known: Iterable<string>,
  farthest = Math.max(1, Math.floor(word.length / 3)),
): string | null {
  let best: string | null = null;
  let least = farthest + 1;
  for (const name of known) {
    const apart = distance(word, name);
    if (apart < least && apart < Math.max(word.length, name.length)) {
      best = name;
      least = apart;
    }
  }
  return best;
}

/** Of a short list, such as the keys of a table, a name that is half right is worth a suggestion. */
export const nearestOfFew = (word: string, known: Iterable<string>): string | null =>
  nearest(word, known, Math.max(2, Math.ceil(word.length / 2)));

/** Text from outside, made safe for a terminal or a one-line message: control and bidi characters are shown. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** A hundred years: nobody means more, and what is beyond is more than a number of milliseconds can say. */
const longestDuration = 36_500 * 86_400_000;

/**
 * Milliseconds of a duration as users write it (`"90s"`, `"1h30m"`, `30d`, or a number of seconds), each unit once and
 * the larger first; or null.
 */
export function parseDuration(value: string | number): number | null {
  const total = typeof value === 'number' ? value * 1000 : millisecondsIn(value.trim());
  return total >= 0 && total <= longestDuration ? Math.round(total) : null;
}

const someUnits = /^(?=.)(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?$/;

/** Not a number where the text is no duration. */
function millisecondsIn(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!someUnits.test(text)) return Number.NaN;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)([dhms])/g))
    total += Number(count) * (units[unit ?? ''] ?? 0);
  return total;
}

/** A duration for people: `1.2 s`, `3 min 5 s`, `1 h 2 min`. */
export function showDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** `1 job`, `3 jobs`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * A YAML 1.1 and 1.2 double-quoted string, which is also JSON: the characters that some YAML reader refuses,
 * folds or strips (contract §1) are written as `\u` escapes.
 */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** How many bytes at the end may be the beginning of a UTF-8 character whose rest has not come yet: 0 to 3. */
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
