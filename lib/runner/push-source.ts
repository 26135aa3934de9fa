/**
 * What `(jobs :quire/push)` answers: the push a run is of.
 *
 * Must not know: Lua, when it is asked.
 */
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { changedFiles, refKind, sayGitFailure, withObjects } from '../git/git.ts';
import type { Meta } from '../runs/records.ts';

export type PushPlace = {
  readonly gitDir: string;
  readonly meta: Meta;
  /** The files of a work tree that differ from HEAD; null for a run of a commit. */
  readonly dirty: readonly string[] | null;
};

/** Asks git for what the records don't have: the message and the changed files. */
export async function pushValue({ gitDir, meta, dirty }: PushPlace): Promise<Result<Plain, string>> {
  const commit = await withObjects(gitDir, (objects) => objects.commit(meta.sha));
  if (!commit.ok) return err(sayGitFailure(commit.error));
  const changed = await changedFiles(gitDir, commit.value, meta.oldSha);
  if (!changed.ok) return err(sayGitFailure(changed.error));
  const { kind, name } = refKind(meta.ref);
  const isDirty = dirty !== null && dirty.length > 0;
  return ok({
    sha: meta.sha,
    ref: meta.ref,
    branch: kind === 'branch' ? name : null,
    tag: kind === 'tag' ? name : null,
    'previous-sha': meta.oldSha,
    'files-changed': isDirty ? [...new Set([...changed.value, ...dirty])].sort() : changed.value,
    pusher: meta.pusher.text,
    author: meta.author.text,
    'commit-message': commit.value.message.text,
    'pushed-at': meta.pushedAt,
    'git-dir': gitDir,
    variables: meta.variables,
    dirty: isDirty,
  });
}
