/**
 * Which repository a directory belongs to, and what its config says.
 *
 * Must not know: what quire keeps in it.
 */
import { isAbsolute, resolve } from 'node:path';
import { realPath } from '../base/files.ts';
import type { RefName } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { GitFailure } from './failure.ts';
import { quickGit } from './quick.ts';
import { runGit } from './repo.ts';

export type Repository = {
  /** The absolute path of the repository itself: what `GIT_DIR` would be. */
  readonly gitDir: string;
  readonly bare: boolean;
  /** The absolute path of the work tree, or null: in a bare repository, or inside of `.git`. */
  readonly top: string | null;
};

/** The repository that a directory is, or is in. */
export async function findRepository(directory: string): Promise<Result<Repository, GitFailure>> {
  const real = realPath(resolve(directory));
  if (!real.ok) return err({ reason: 'not-a-repository', path: directory });
  const start = real.value;
  const asked = await quickGit(start, [
    'rev-parse',
    '--is-bare-repository',
    '--is-inside-work-tree',
    '--absolute-git-dir',
    '--show-cdup',
  ]);
  if (!asked.ok) return notARepository(asked.error, start);
  const [bare, inside, ...rest] = asked.value.toString().replace(/\n$/, '').split('\n');
  const up = inside === 'true' ? (rest.pop() ?? '') : null;
  if (inside !== 'true' && rest.at(-1) === '') rest.pop();
  return ok({
    gitDir: rest.join('\n'),
    bare: bare === 'true',
    top: up === null ? null : resolve(start, up),
  });
}

const notARepository = (failure: GitFailure, path: string): Result<never, GitFailure> =>
  failure.reason === 'failed' && /not a git repository/.test(failure.said)
    ? err({ reason: 'not-a-repository', path })
    : err(failure);

/** The branch that HEAD is on, as a whole ref; null when it is detached. There may be no commit on it yet. */
export async function headRef(gitDir: string): Promise<RefName | null> {
  const asked = await quickGit(gitDir, ['symbolic-ref', '--quiet', 'HEAD'], { GIT_DIR: gitDir });
  return asked.ok ? (asked.value.toString().replace(/\n$/, '') as RefName) : null;
}

/** Settings of all scopes: system, the owner's, the repository's. Keys as git prints them, `core.fsync`. */
export type GitConfig = {
  /** The value that counts: the last one. Null when there is none. A key without `=` has the value `true`. */
  get(key: string): string | null;
};

export async function readConfig(gitDir: string): Promise<Result<GitConfig, GitFailure>> {
  const listed = await quickGit(gitDir, ['config', '--list', '-z'], { GIT_DIR: gitDir });
  if (!listed.ok) return listed;
  const values = new Map<string, string>();
  for (const entry of listed.value.toString().split('\0')) {
    const newline = entry.indexOf('\n');
    if (entry === '') continue;
    values.set(
      newline < 0 ? entry : entry.slice(0, newline),
      newline < 0 ? 'true' : entry.slice(newline + 1),
    );
  }
  return ok({ get: (key) => values.get(withSmallEnds(key)) ?? null });
}

/** Section and variable are case-insensitive, and git prints them small; what is between keeps its letters. */
function withSmallEnds(key: string): string {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  return key.slice(0, first).toLowerCase() + key.slice(first, last) + key.slice(last).toLowerCase();
}

/** A path in the config, as git reads one: `~/` is the owner's home, and a relative one begins at the repository. */
export function configPath(gitDir: string, value: string, home: string | undefined): string {
  if (home !== undefined && /^~(\/|$)/.test(value)) return resolve(home, value.slice(2));
  return isAbsolute(value) ? value : resolve(gitDir, value);
}

/** Whether git takes a setting's value for true. */
export const isTrue = (value: string | null): boolean =>
  value !== null && (/^(true|yes|on)$/i.test(value) || (/^-?\d+$/.test(value) && Number(value) !== 0));

/** Sets one value in the repository's own config, in place of all that were there; null removes them. */
export async function setConfig(
  gitDir: string,
  key: string,
  value: string | null,
): Promise<Result<void, GitFailure>> {
  const words = value === null ? ['--unset-all', key] : ['--replace-all', key, value];
  const set = await runGit(gitDir, ['config', '--local', ...words], { environment: { GIT_DIR: gitDir } });
  if (!set.ok) return set;
  const { exit, stderr } = set.value;
  const nothingToUnset = value === null && exit === 5;
  if (exit === 0 || nothingToUnset) return ok(undefined);
  return err({ reason: 'failed', command: 'config', exit, said: stderr.toString() });
}

export type Hooks = {
  /** The absolute path of the directory that git looks for hooks in. */
  readonly directory: string;
  /** Whether `core.hooksPath` names it, so that it may serve other repositories too. */
  readonly configured: boolean;
};

export function hooksOf(gitDir: string, config: GitConfig, home: string | undefined): Hooks {
  const configured = config.get('core.hookspath');
  if (configured === null || configured === '')
    return { directory: resolve(gitDir, 'hooks'), configured: false };
  return { directory: configPath(gitDir, configured, home), configured: true };
}

/** The permissions that git gives to what it writes: by the umask, for the group, for all, or as given. */
export type Sharing = 'umask' | 'group' | 'everybody' | { readonly mode: number };

export function sharingOf(config: GitConfig): Sharing {
  const value = config.get('core.sharedrepository')?.toLowerCase() ?? null;
  switch (value) {
    case null:
    case 'umask':
    case '0':
      return 'umask';
    case 'group':
    case '1':
      return 'group';
    case 'all':
    case 'world':
    case 'everybody':
    case '2':
      return 'everybody';
    default:
      if (/^0?[0-7]{3}$/.test(value)) return { mode: Number.parseInt(value, 8) };
      return isTrue(value) ? 'group' : 'umask';
  }
}

/** `2.39.5`, or a failure when there is no git. */
export async function gitVersion(): Promise<Result<string, GitFailure>> {
  const said = await quickGit('/', ['version']);
  if (!said.ok) return said;
  return ok(/\d+(\.\d+)+/.exec(said.value.toString())?.[0] ?? said.value.toString().trim());
}
