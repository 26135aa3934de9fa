/**
 * The files that an update changed.
 *
 * Must not know: the push it came with.
 */
import type { Sha } from '../base/ids.ts';
import { ok, type Result } from '../base/result.ts';
import type { CommitFacts } from './commit.ts';
import type { GitFailure } from './failure.ts';
import { askGit } from './repo.ts';

const emptyTrees: Readonly<Record<number, string>> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/**
 * The paths in which two commits differ, sorted; a renamed file under both names. `previous` is where the ref was
 * before, whatever lies between (a force push, a merge). Null (a new ref, a run by hand): the commit against its first
 * parent, and all its files when it has none. The same when `previous` is not in the repository any more.
 */
export async function changedFiles(
  gitDir: string,
  commit: CommitFacts,
  previous: Sha | null,
): Promise<Result<string[], GitFailure>> {
  const empty = emptyTrees[commit.sha.length];
  const bases = [previous, commit.parents[0] ?? null, empty ?? null].filter((base) => base !== null);
  let last: Result<string[], GitFailure> = ok([]);
  for (const base of bases) {
    last = await difference(gitDir, base, commit.sha);
    if (last.ok || last.error.reason !== 'failed') return last;
  }
  return last;
}

async function difference(gitDir: string, from: string, to: string): Promise<Result<string[], GitFailure>> {
  const words = [
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    '--ignore-submodules=none',
    from,
    to,
  ];
  const listed = await askGit(gitDir, words, {
    environment: { GIT_DIR: gitDir, GIT_NO_REPLACE_OBJECTS: '1' },
  });
  if (!listed.ok) return listed;
  return ok(splitNames(listed.value).sort());
}

/** The names in a `-z` listing; bytes that are not UTF-8 become U+FFFD. */
export const splitNames = (listing: Buffer): string[] =>
  listing
    .toString()
    .split('\0')
    .filter((name) => name !== '');
