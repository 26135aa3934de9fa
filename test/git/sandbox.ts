/**
 * Real repositories in a directory of their own, gone when the test ends.
 *
 * Must not know: what is tested.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Sha, zeroSha } from '../../lib/base/ids.ts';
import type { Result } from '../../lib/base/result.ts';
import { gitEnvironment } from '../../lib/git/git.ts';

export { zeroSha };

export type Sandbox = {
  readonly directory: string;
  /** A work tree on the branch `main`. */
  readonly work: string;
  /** A bare repository, empty until something is pushed. */
  readonly bare: string;
  git(
    words: readonly string[],
    options?: { cwd?: string; input?: string | Buffer; encoding?: BufferEncoding },
  ): string;
  write(path: string, content: string | Buffer): void;
  /** Adds all and commits; the new commit's sha. */
  commit(message: string): Sha;
};

export const withSandbox =
  (body: (box: Sandbox) => Promise<void>, format: 'sha1' | 'sha256' = 'sha1'): (() => Promise<void>) =>
  async () => {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'quire-git-')));
    try {
      await body(makeSandbox(directory, format));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };

function makeSandbox(directory: string, format: string): Sandbox {
  const work = join(directory, 'work');
  const bare = join(directory, 'repo.git');
  const env = {
    ...gitEnvironment(),
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
  const git: Sandbox['git'] = (words, options = {}) =>
    execFileSync('git', [...words], {
      cwd: options.cwd ?? work,
      env,
      input: options.input ?? '',
      stdio: ['pipe', 'pipe', 'pipe'],
      encoding: options.encoding ?? 'utf8',
      maxBuffer: 1 << 28,
    });
  mkdirSync(work);
  git(['init', '-q', '-b', 'main', `--object-format=${format}`]);
  git(['init', '-q', '-b', 'main', `--object-format=${format}`, '--bare', bare]);
  return {
    directory,
    work,
    bare,
    git,
    write(path, content) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), content);
    },
    commit(message) {
      git(['add', '-A', '--force']);
      git(['commit', '-q', '--allow-empty', '-F', '-'], { input: message });
      return git(['rev-parse', 'HEAD']).trim() as Sha;
    },
  };
}

/** The value, or the test fails with the reason. */
export function the<T>(result: Result<T, { readonly reason: string }>): T {
  if (!result.ok) assert.unreachable(JSON.stringify(result.error));
  return (result as { readonly value: T }).value;
}

/** The reason of a failure, or the test fails. */
export function reasonOf(result: Result<unknown, { readonly reason: string }>): string {
  if (result.ok) assert.unreachable('expected a failure');
  return result.ok ? '' : result.error.reason;
}
