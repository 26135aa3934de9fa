/**
 * What a local run is of: the commit, what the work tree adds to it, the files of its pipeline.
 *
 * Must not know: how a run is performed, terminals.
 */
import { userInfo } from 'node:os';
import { basename, dirname } from 'node:path';
import { systemClock, timestamp } from '../base/clock.ts';
import { type RefName, runId, type Sha, zeroSha } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  diskTree,
  headRef,
  lookAtWorkTree,
  resolveRevision,
  sayGitFailure,
  snapshot,
  withObjects,
} from '../git/git.ts';
import type { Meta } from '../runs/records.ts';
import type { EvaluateOptions, Tree } from '../script/script.ts';
import { pipelineTree, treeOf } from './evaluate.ts';

export type SubjectWish = {
  /** The top of the work tree, or another directory to run in; absolute. */
  readonly top: string;
  /** The repository itself, absolute; null: `top` is in none. */
  readonly gitDir: string | null;
  /** A commit to run in a fresh workspace; null is the work tree in place. */
  readonly revision: string | null;
  readonly variables: Readonly<Record<string, string>>;
};

export type Subject = {
  readonly meta: Meta;
  /** The files that differ from HEAD; null for a run of a commit. */
  readonly dirty: readonly string[] | null;
  /** `:quire/push` where there is no git to ask. */
  readonly push: Plain | null;
};

/** `refused` is a revision that is not there; `trouble` is git's or the disk's. One sentence each. */
export type NoSubject = { readonly kind: 'refused' | 'trouble'; readonly why: string };

export async function findSubject(wish: SubjectWish): Promise<Result<Subject, NoSubject>> {
  const { gitDir, revision } = wish;
  if (gitDir === null) return revision === null ? ok(withoutGit(wish)) : err(noRepository(wish.top));
  return revision === null ? inPlace(wish, gitDir) : atCommit(wish, gitDir, revision);
}

const noRepository = (top: string): NoSubject => ({
  kind: 'refused',
  why: `${top} is not in a git repository`,
});

const nobody = { text: '', bytes: null };

function withoutGit(wish: SubjectWish): Subject {
  const meta = metaOf(wish, { ref: 'HEAD' as RefName, sha: zeroSha, author: nobody, subject: nobody });
  const push = { sha: meta.sha, ref: meta.ref, 'files-changed': [], variables: wish.variables, dirty: false };
  return { meta, dirty: null, push };
}

async function inPlace(wish: SubjectWish, gitDir: string): Promise<Result<Subject, NoSubject>> {
  const looked = await lookAtWorkTree(wish.top);
  if (!looked.ok) return err({ kind: 'trouble', why: sayGitFailure(looked.error) });
  const { head, branch, dirty } = looked.value;
  const commit = head === null ? null : await withObjects(gitDir, (objects) => objects.commit(head));
  if (commit !== null && !commit.ok) return err({ kind: 'trouble', why: sayGitFailure(commit.error) });
  const ref = (branch === null ? 'HEAD' : `refs/heads/${branch}`) as RefName;
  const { author, subject } = commit?.value ?? { author: nobody, subject: nobody };
  const meta = metaOf(wish, { ref, sha: head ?? zeroSha, author, subject });
  return ok({ meta, dirty, push: head === null ? unborn(meta, dirty) : null });
}

/** Before the first commit there is nothing that git could say of HEAD. */
const unborn = (meta: Meta, dirty: readonly string[]): Plain => ({
  sha: meta.sha,
  ref: meta.ref,
  branch: meta.ref.replace(/^refs\/heads\//, ''),
  'files-changed': dirty,
  variables: meta.variables,
  dirty: dirty.length > 0,
});

async function atCommit(
  wish: SubjectWish,
  gitDir: string,
  revision: string,
): Promise<Result<Subject, NoSubject>> {
  const found = await withObjects(gitDir, async (objects) => {
    const meant = await resolveRevision(objects, revision);
    return meant.ok ? ok({ meant: meant.value, head: await objects.commit('HEAD') }) : meant;
  });
  if (!found.ok) return err({ kind: 'refused', why: sayGitFailure(found.error) });
  const { meant, head } = found.value;
  const { sha, author, subject } = meant.commit;
  // HEAD by whatever name is on HEAD's branch, as it is when the work tree is run.
  const isHead = head.ok && head.value.sha === sha;
  const ref = meant.ref ?? (isHead ? await headRef(gitDir) : null) ?? ('HEAD' as RefName);
  const meta = metaOf(wish, { ref, sha, author, subject });
  return ok({ meta, dirty: null, push: null });
}

function metaOf(wish: SubjectWish, of: Pick<Meta, 'ref' | 'sha' | 'author' | 'subject'>): Meta {
  const now = systemClock();
  return {
    ...of,
    id: runId(now, crypto.randomUUID()),
    number: 0,
    repo: basename(wish.top).replace(/\.git$/, ''),
    refBytes: null,
    oldSha: null,
    pushedAt: timestamp(now),
    pusher: { text: userInfo().username, bytes: null },
    reason: 'manual',
    rerunOf: null,
    variables: wish.variables,
  };
}

/** The files a pipeline is evaluated from, and how they are called. */
export type PipelineFiles = {
  readonly tree: Tree;
  readonly naming: Pick<EvaluateOptions, 'main' | 'prefix'>;
};

/** Those of `.quire/` in the work tree, or at the commit. */
export async function filesOf(wish: SubjectWish, sha: Sha): Promise<Result<PipelineFiles, string>> {
  if (wish.revision !== null && wish.gitDir !== null) {
    const tree = await withObjects(wish.gitDir, (objects) => pipelineTree(objects, sha));
    return tree.ok ? ok({ tree: tree.value, naming: {} }) : tree;
  }
  const read = await snapshot(diskTree(wish.top), '.quire');
  return read.ok ? ok({ tree: treeOf(read.value), naming: {} }) : err(sayGitFailure(read.error));
}

/** A pipeline's file anywhere (absolute), with the modules beside it. */
export async function filesBeside(file: string): Promise<Result<PipelineFiles, string>> {
  const directory = dirname(file);
  const read = await snapshot(diskTree(directory), '', { wanted: (path) => /\.(fnl|fnlm|lua)$/.test(path) });
  if (!read.ok) return err(sayGitFailure(read.error));
  return ok({ tree: treeOf(read.value), naming: { main: basename(file), prefix: `${directory}/` } });
}

export const hasPipeline = ({ tree, naming }: PipelineFiles): boolean =>
  (naming.main === undefined ? ['ci.fnl', 'ci.lua'] : [naming.main]).some((name) => tree.has(name));
