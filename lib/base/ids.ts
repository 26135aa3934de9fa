/**
 * Names with a brand, parsed once at the door.
 *
 * A branded id may go into a path or a URL as it is; a plain string may not.
 * Must not know: where any of them is stored.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { err, ok, type Result } from './result.ts';

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Not `node:crypto`: loading that costs every start some milliseconds, and only short names are hashed here. */
export const sha256Hex = (text: string): string => bytesToHex(sha256(Buffer.from(text)));

/** A UUIDv7 (RFC 9562) in lower case. */
export type RunId = Brand<string, 'RunId'>;
/** 40 or 64 lower-case hex digits. */
export type Sha = Brand<string, 'Sha'>;
/** A full ref name such as `refs/heads/main`: not empty, no NUL. Bytes that are not UTF-8 are U+FFFD here. */
export type RefName = Brand<string, 'RefName'>;
/** A job's id as registered, or a built-in one such as `quire/mirror`. Safe as a relative path. */
export type JobId = Brand<string, 'JobId'>;

export const zeroSha = '0'.repeat(40) as Sha;

export const isZeroSha = (sha: string): boolean => /^0+$/.test(sha);

export const parseSha = (word: string): Result<Sha, { reason: 'bad-sha'; word: string }> =>
  /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(word) ? ok(word as Sha) : err({ reason: 'bad-sha', word });

export const shortSha = (sha: string): string => sha.slice(0, 7);

export const parseRunId = (word: string): Result<RunId, { reason: 'bad-run-id'; word: string }> =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(word)
    ? ok(word as RunId)
    : err({ reason: 'bad-run-id', word });

/**
 * The UUIDv7 (RFC 9562) of a run: its time is `milliseconds`, its random bits are the SHA-256 of `seed`,
 * so that the same event and position give the same run however often they are taken in.
 */
export function runId(milliseconds: number, seed: string): RunId {
  const random = sha256Hex(seed);
  const time = Math.trunc(milliseconds).toString(16).padStart(12, '0').slice(-12);
  const variant = ((Number.parseInt(random.charAt(3), 16) & 3) | 8).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${random.slice(0, 3)}`,
    `${variant}${random.slice(4, 7)}`,
    random.slice(7, 19),
  ].join('-') as RunId;
}

/** The milliseconds since 1970 that a run's id begins with. */
export const timeOf = (id: RunId): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** Why a text can't be a job id, or null when it can. The rules of the contract, §3. */
export type BadJobId = 'empty' | 'dot' | 'reserved' | 'slash' | 'too-long' | 'control';

export function badJobId(word: string): BadJobId | null {
  if (word === '') return 'empty';
  if (word.startsWith('.')) return 'dot';
  if (word === 'quire') return 'reserved';
  if (word.includes('/')) return 'slash';
  if (Buffer.byteLength(word) > 100) return 'too-long';
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(word)) return 'control';
  return null;
}

/** A job id that was read from a record: one a pipeline may register, or a built-in `quire/<name>`. */
export function parseJobId(word: string): Result<JobId, { reason: 'bad-job-id'; word: string }> {
  const builtIn = /^quire\/[a-z0-9-]+$/.test(word);
  return builtIn || badJobId(word) === null ? ok(word as JobId) : err({ reason: 'bad-job-id', word });
}

/** A page's name for a job id or a ref: the contract's `<slug>` (§6). */
export type Slug = Brand<string, 'Slug'>;

export function slugOf(name: string): Slug {
  const plain =
    /^[A-Za-z0-9._-]{1,60}$/.test(name) && !/-[0-9a-f]{8}$/.test(name) && name !== '.' && name !== '..';
  if (plain) return name as Slug;
  const letters = name.replace(/[^A-Za-z0-9._-]/gu, '-').slice(0, 60);
  return `${letters}-${sha256Hex(name).slice(0, 8)}` as Slug;
}

/** `refs/heads/main` → `main`, `refs/tags/v1` → `tags/v1`: how a ref is shown and what its slug is made of. */
export function shortRef(ref: string): string {
  if (ref.startsWith('refs/heads/')) return ref.slice('refs/heads/'.length);
  if (ref.startsWith('refs/')) return ref.slice('refs/'.length);
  return ref;
}

/**
 * Whether a ref is one that a person listed: a full name (`refs/heads/main`), or one that git would complete
 * (`main`, `tags/v1`), where `*` stands for any letters, slashes too. Only full names are compared, so that a
 * branch called `tags/v1` or `refs/heads/main` is never taken for the ref of that name.
 */
export function refMatches(pattern: string, ref: string): boolean {
  const completed = /^(heads|tags)\//.test(pattern) ? `refs/${pattern}` : `refs/heads/${pattern}`;
  const whole = pattern.startsWith('refs/') ? pattern : completed;
  const parts = whole.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(ref);
}
