/**
 * What is checked out: the commit, the branch, what differs from it, what is ignored.
 *
 * Must not know: why it is asked.
 */
import { parseSha, type Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { splitNames } from './changes.ts';
import type { GitFailure } from './failure.ts';
import { quickGit } from './quick.ts';
import { askGit, runGit } from './repo.ts';

export type WorkTree = {
  /** Null before the first commit. */
  readonly head: Sha | null;
  /** Null when HEAD is detached. */
  readonly branch: string | null;
  /** Files that differ from HEAD or are new and not ignored, sorted; a renamed one under both names. */
  readonly dirty: readonly string[];
};

/** Looks at the work tree whose top directory is `top`. */
export async function lookAtWorkTree(top: string): Promise<Result<WorkTree, GitFailure>> {
  const words = ['status', '--porcelain=v2', '-z', '--branch', '--untracked-files=all', '--no-renames'];
  const said = await askGit(top, words);
  if (!said.ok) return said;
  let head: Sha | null = null;
  let branch: string | null = null;
  const dirty: string[] = [];
  for (const entry of splitNames(said.value)) {
    const [, key, value] = /^# branch\.(oid|head) (.*)$/s.exec(entry) ?? [];
    if (key === 'oid') {
      const sha = parseSha(value ?? '');
      head = sha.ok ? sha.value : null;
    } else if (key === 'head') {
      branch = value === '(detached)' ? null : (value ?? null);
    } else {
      dirty.push(...dirtyPath(entry));
    }
  }
  return ok({ head, branch, dirty: dirty.sort() });
}

/** The path is what follows a fixed number of fields: 8 of a changed file, 10 of an unmerged one, 1 of a new one. */
function dirtyPath(entry: string): string[] {
  const fields: Readonly<Record<string, number>> = { '1': 8, u: 10, '?': 1 };
  const count = fields[entry.charAt(0)];
  return count === undefined ? [] : [entry.split(' ').slice(count).join(' ')];
}

/**
 * Which of these paths (relative to `top`, a directory with or without `/` at its end) git ignores. A path outside
 * of the work tree, in `.git` or beyond a symlink is not ignored.
 */
export async function ignoredPaths(
  top: string,
  paths: readonly string[],
): Promise<Result<Set<string>, GitFailure>> {
  const asked = paths.filter(
    (path) => path !== '' && !/^\/|(^|\/)\.\.?(\/|$)|(^|\/)\.git(\/|$)|\0/.test(path),
  );
  if (asked.length === 0) return ok(new Set());
  const input = Buffer.from(asked.map((path) => `${path}\0`).join(''));
  const said = await runGit(top, ['check-ignore', '--stdin', '-z', '--verbose', '--non-matching'], { input });
  if (!said.ok) return said;
  const { exit, stdout, stderr } = said.value;
  if (exit <= 1) return ok(new Set(ignoredOf(stdout)));
  const [only] = asked;
  if (/beyond a symbolic link|in submodule/.test(stderr.toString()) && only !== undefined) {
    // Git answers none of them when one is beyond a symlink: ask for the halves.
    if (asked.length === 1) return ok(new Set());
    const middle = Math.ceil(asked.length / 2);
    const halves = [asked.slice(0, middle), asked.slice(middle)];
    const answers = await Promise.all(halves.map((half) => ignoredPaths(top, half)));
    const ignored = new Set<string>();
    for (const answer of answers) {
      if (!answer.ok) return answer;
      for (const path of answer.value) ignored.add(path);
    }
    return ok(ignored);
  }
  return err({ reason: 'failed', command: 'check-ignore', exit, said: stderr.toString() });
}

/** Four fields a path: the file of the pattern, its line, the pattern, the path. No pattern or one with `!`: kept. */
function ignoredOf(stdout: Buffer): string[] {
  const fields = stdout.toString().split('\0');
  const ignored: string[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const pattern = fields[at + 2] ?? '';
    const path = fields[at + 3];
    if (pattern !== '' && !pattern.startsWith('!') && path !== undefined) ignored.push(path);
  }
  return ignored;
}

/** The ignored directories of a work tree, relative to its top, each the topmost one: `node_modules`. */
export async function ignoredDirectories(top: string): Promise<Result<string[], GitFailure>> {
  const words = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  // simple-git waits 50 ms for a command that says nothing, which this one mostly is.
  const listed = await quickGit(top, words);
  if (!listed.ok) return listed;
  return ok(
    splitNames(listed.value)
      .filter((name) => name.endsWith('/'))
      .map((name) => name.slice(0, -1)),
  );
}

/** Which of these paths (relative to `top`) the index holds. Names are taken as they are, whatever `*` they hold. */
export async function trackedPaths(
  top: string,
  paths: readonly string[],
): Promise<Result<Set<string>, GitFailure>> {
  if (paths.length === 0) return ok(new Set());
  const literally = { GIT_LITERAL_PATHSPECS: '1' };
  const listed = await quickGit(top, ['ls-files', '-z', '--', ...paths], literally);
  return listed.ok ? ok(new Set(splitNames(listed.value))) : listed;
}
