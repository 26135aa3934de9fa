/**
 * Takes a record's keys out of a YAML value, each checked for its shape.
 *
 * Must not know: which record has which keys.
 */
import { parseTimestamp, type Timestamp, timestamp } from '../base/clock.ts';
import {
  type JobId,
  parseJobId,
  parseRunId,
  parseSha,
  type RefName,
  type RunId,
  type Sha,
} from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { OutsideText } from '../runs/records.ts';
import { type Data, isMap } from './yaml.ts';

type Map = { readonly [key: string]: Data };

/**
 * One record being read. The first key that is missing or of another shape is remembered as `problem`; what is
 * returned for it then is a placeholder that nobody gets to see, since `read` answers with the problem.
 */
export class Fields {
  readonly #map: Map;
  #problem: string | null = null;

  constructor(map: Map) {
    this.#map = map;
  }

  get problem(): string | null {
    return this.#problem;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#map, key) && this.#map[key] !== null;
  }

  raw(key: string): Data {
    return Object.hasOwn(this.#map, key) ? (this.#map[key] ?? null) : null;
  }

  /** Remembers what is wrong with a key; the first one wins. */
  refuse(key: string, expected: string): void {
    this.#problem ??= this.has(key) ? `'${key}' is not ${expected}` : `'${key}' is missing`;
  }

  text(key: string): string {
    const value = this.raw(key);
    if (typeof value === 'string') return value;
    this.refuse(key, 'a string');
    return '';
  }

  textOrNull(key: string): string | null {
    return this.has(key) ? this.text(key) : null;
  }

  integer(key: string, least: number): number {
    const value = this.raw(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(key, `an integer of at least ${least}`);
    return least;
  }

  integerOrNull(key: string, least: number): number | null {
    return this.has(key) ? this.integer(key, least) : null;
  }

  oneOf<const T extends string>(key: string, words: readonly T[]): T | never {
    const value = this.raw(key);
    const found = words.find((word) => word === value);
    if (found === undefined) this.refuse(key, `one of ${words.join(', ')}`);
    return found ?? (words[0] as T);
  }

  /** Any RFC 3339 time; given back as this project writes it. */
  time(key: string): Timestamp {
    const milliseconds = parseTimestamp(this.text(key));
    if (milliseconds !== null) return timestamp(milliseconds);
    this.refuse(key, 'a time');
    return timestamp(0);
  }

  timeOrNull(key: string): Timestamp | null {
    return this.has(key) ? this.time(key) : null;
  }

  runId(key: string): RunId {
    return this.#branded(key, parseRunId(this.text(key)), 'a run id');
  }

  runIdOrNull(key: string): RunId | null {
    return this.has(key) ? this.runId(key) : null;
  }

  sha(key: string): Sha {
    return this.#branded(key, parseSha(this.text(key)), 'a commit id');
  }

  shaOrNull(key: string): Sha | null {
    return this.has(key) ? this.sha(key) : null;
  }

  jobId(key: string): JobId {
    return this.#branded(key, parseJobId(this.text(key)), 'a job id');
  }

  ref(key: string): RefName {
    const word = this.text(key);
    if (word === '' || word.includes('\0')) this.refuse(key, 'a ref name');
    return word as RefName;
  }

  refOrNull(key: string): RefName | null {
    return this.has(key) ? this.ref(key) : null;
  }

  /** The bytes beside a text that is not UTF-8. */
  bytesOrNull(key: string): Uint8Array | null {
    const bytes = this.has(key) ? decodeBase64(this.text(key)) : null;
    if (this.has(key) && bytes === null) this.refuse(key, 'base64');
    return bytes;
  }

  outside(key: string): OutsideText {
    return { text: this.text(key), bytes: this.bytesOrNull(`${key}64`) };
  }

  texts(key: string): readonly string[] {
    const value = this.raw(key);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
    this.refuse(key, 'a sequence of strings');
    return [];
  }

  /** A map of strings; absent is empty. */
  textMap(key: string): Readonly<Record<string, string>> {
    const value = this.raw(key);
    if (value === null) return {};
    if (isMap(value) && Object.values(value).every((item) => typeof item === 'string'))
      return value as Record<string, string>;
    this.refuse(key, 'a map of strings');
    return {};
  }

  /** A sequence of maps, each read by `item`. */
  items<T>(key: string, item: (fields: Fields) => T): readonly T[] {
    const value = this.raw(key);
    if (!Array.isArray(value)) {
      this.refuse(key, 'a sequence');
      return [];
    }
    return (value as readonly Data[]).flatMap((data) => {
      const read = readFields(data, item);
      if (read.ok) return [read.value];
      this.#problem ??= `in '${key}': ${read.error}`;
      return [];
    });
  }

  #branded<T>(key: string, parsed: Result<T, { readonly word: string }>, expected: string): T {
    if (parsed.ok) return parsed.value;
    this.refuse(key, expected);
    return parsed.error.word as T;
  }
}

/** What `read` makes of a mapping, or the first thing that is wrong with it. */
export function readFields<T>(data: Data, read: (fields: Fields) => T): Result<T, string> {
  if (!isMap(data)) return err('not a mapping');
  const fields = new Fields(data);
  const value = read(fields);
  return fields.problem === null ? ok(value) : err(fields.problem);
}

/** The bytes of a base64 text (white space allowed, as shells wrap it), or null when it is none. */
export function decodeBase64(text: string): Buffer | null {
  const packed = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(packed) && packed.length % 4 === 0
    ? Buffer.from(packed, 'base64')
    : null;
}
