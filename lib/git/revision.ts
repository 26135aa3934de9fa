/**
 * What a person means by `main`, `tags/v1`, `HEAD~2` or `3f2a91c`.
 *
 * Must not know: what is done with the commit.
 */
import { parseSha, type RefName } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CommitFacts } from './commit.ts';
import type { GitFailure } from './failure.ts';
import type { Objects } from './objects.ts';

export type Revision = {
  readonly commit: CommitFacts;
  /** The branch or tag that was named, or null when it was a commit. */
  readonly ref: RefName | null;
};

/**
 * A branch or tag by its full or short name, else anything that git takes for a commit. A name that is both a branch
 * and a tag is `ambiguous`, and the failure names both.
 */
export async function resolveRevision(objects: Objects, word: string): Promise<Result<Revision, GitFailure>> {
  if (!parseSha(word).ok && isRefLike(word)) {
    const named = await namedRef(objects, word);
    if (!named.ok || named.value !== null) return named as Result<Revision, GitFailure>;
  }
  const commit = await objects.commit(word);
  if (commit.ok) return ok({ commit: commit.value, ref: null });
  return err(commit.error.reason === 'missing' ? { reason: 'missing', name: word } : commit.error);
}

async function namedRef(objects: Objects, word: string): Promise<Result<Revision | null, GitFailure>> {
  const names = candidates(word);
  const commits = await Promise.all(names.map((name) => objects.commit(name)));
  const found = names.flatMap((name, index) => {
    const commit = commits[index];
    return commit?.ok === true ? [{ commit: commit.value, ref: name as RefName }] : [];
  });
  const broken = commits.find((commit) => !commit.ok && commit.error.reason !== 'missing');
  if (broken !== undefined && !broken.ok) return broken;
  if (found.length > 1)
    return err({ reason: 'ambiguous', name: word, candidates: found.map(({ ref }) => ref) });
  return ok(found[0] ?? null);
}

function candidates(word: string): string[] {
  if (word.startsWith('refs/')) return [word];
  if (/^(heads|tags)\//.test(word)) return [`refs/${word}`];
  return [`refs/heads/${word}`, `refs/tags/${word}`];
}

/** Whether git would allow it as the name of a ref; what is not is an expression, such as `HEAD~1`. */
const isRefLike = (word: string): boolean =>
  word !== 'HEAD' && word !== '@' && !/[\u0000- \u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|\.lock$/.test(word);
