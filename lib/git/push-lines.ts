/**
 * What a push updated: the lines that git writes to a post-receive hook, and the commits they stand for.
 *
 * Must not know: runs, pipelines.
 */
import { isZeroSha, parseSha, type RefName, type Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CommitFacts } from './commit.ts';
import type { GitFailure } from './failure.ts';
import { gitText } from './git-text.ts';
import type { Objects } from './objects.ts';

export type PushLine = {
  /** What the ref was: zeroes for a new one. */
  readonly old: Sha;
  /** What it became: zeroes for a deleted one. */
  readonly new: Sha;
  readonly ref: RefName;
  /** The ref's own bytes when they are not UTF-8, else null. */
  readonly refBytes: Buffer | null;
};

export type BadPushLine = { readonly reason: 'bad-push-line'; readonly line: number };

/** Reads a hook's whole stdin; a line that git would not write makes all of it unreadable. */
export function parsePushLines(stdin: Uint8Array): Result<PushLine[], BadPushLine> {
  const lines: PushLine[] = [];
  const bytes = Buffer.from(stdin.buffer, stdin.byteOffset, stdin.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline;
    const line = parseLine(bytes.subarray(at, end));
    if (line === null) return err({ reason: 'bad-push-line', line: lines.length + 1 });
    lines.push(line);
    at = end + 1;
  }
  return ok(lines);
}

function parseLine(line: Buffer): PushLine | null {
  const one = line.indexOf(' ');
  const two = line.indexOf(' ', one + 1);
  const before = parseSha(line.toString('latin1', 0, Math.max(0, one)));
  const after = parseSha(line.toString('latin1', one + 1, Math.max(0, two)));
  const name = line.subarray(two + 1);
  if (!before.ok || !after.ok || name.length === 0 || name.includes(0)) return null;
  const { text, bytes } = gitText(name);
  return { old: before.value, new: after.value, ref: text as RefName, refBytes: bytes };
}

export type RefKind =
  | { readonly kind: 'branch' | 'tag'; readonly name: string }
  | { readonly kind: 'other'; readonly name: null };

/** `refs/heads/main` is the branch `main`, `refs/tags/v1` the tag `v1`. */
export function refKind(ref: string): RefKind {
  const [, folder, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? [];
  if (name === undefined) return { kind: 'other', name: null };
  return { kind: folder === 'heads' ? 'branch' : 'tag', name };
}

/** Whether an update is one that may run: a branch or tag that is there afterwards. */
export const mayRun = (line: PushLine): boolean => refKind(line.ref).kind !== 'other' && !isZeroSha(line.new);

export type RefUpdate = {
  /** The position of its line in the push, from 0: with the event's name, its identity. */
  readonly position: number;
  readonly ref: RefName;
  readonly refBytes: Buffer | null;
  readonly commit: CommitFacts;
  /** The commit the ref stood for before; null for a new ref, and when it stood for no commit. */
  readonly oldSha: Sha | null;
};

/**
 * The branches and tags that now stand for a commit, in the order of the push. Deletions, other refs and tags of
 * no commit are left out. One git process answers for all; the same commit is read once.
 */
export async function refUpdates(
  objects: Objects,
  lines: readonly PushLine[],
): Promise<Result<RefUpdate[], GitFailure>> {
  const found = await Promise.all(
    lines.map(async (line, position): Promise<Result<RefUpdate | null, GitFailure>> => {
      if (!mayRun(line)) return ok(null);
      const before = isZeroSha(line.old) ? null : objects.commit(line.old);
      const commit = await objects.commit(line.new);
      const old = await before;
      if (!commit.ok) return commit.error.reason === 'missing' ? ok(null) : commit;
      const { ref, refBytes } = line;
      const oldSha = old?.ok === true ? old.value.sha : null;
      return ok({ position, ref, refBytes, commit: commit.value, oldSha });
    }),
  );
  const updates: RefUpdate[] = [];
  for (const each of found) {
    if (!each.ok) return each;
    if (each.value !== null) updates.push(each.value);
  }
  return ok(updates);
}
