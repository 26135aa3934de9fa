/**
 * The repository that a command is about, and where quire keeps its records.
 *
 * Must not know: what the command does with it.
 */
import { basename, dirname, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { exists, status } from '../base/files.ts';
import { ok, type Result } from '../base/result.ts';
import {
  configPath,
  findRepository,
  type GitConfig,
  type GitFailure,
  readConfig,
  sayGitFailure,
  sharingOf,
} from '../git/git.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Complaint, trouble, wrongUsage } from './complain.ts';
import type { Context } from './context.ts';
import { storeAt } from './serving.ts';

export type Place = {
  /** Absolute. */
  readonly gitDir: string;
  /** The directory's name without `.git`. */
  readonly name: string;
  readonly settings: GitConfig;
  readonly dataDirectory: string;
  readonly store: Store;
};

/** The repository of `--repo`, or the one the current directory is in. */
export const openPlace = (context: Context): Promise<Result<Place, Complaint>> =>
  openPlaceAt(context, context.repo === null ? context.cwd : resolve(context.cwd, context.repo));

/** How most commands are told of a repository. */
const byOption = 'quire --repo DIR …';

/** The repository at a path, which the command line named in this way. */
export async function openPlaceAt(
  context: Context,
  path: string,
  named = byOption,
): Promise<Result<Place, Complaint>> {
  const found = await findRepository(path);
  if (!found.ok) return noRepository(found.error, 'bare-repository', named);
  const { gitDir, bare } = found.value;
  const settings = await readConfig(gitDir);
  if (!settings.ok) return noRepository(settings.error);
  const place = placeOf(gitDir, settings.value, context.env, context.clock);
  if (bare || exists(place.dataDirectory)) return ok(place);
  return wrongUsage(`${gitDir} is not a bare repository`, `Name the one that is pushed to: ${named}`);
}

/** What follows from a repository's own config; nothing is looked for. */
export function placeOf(gitDir: string, settings: GitConfig, env: Context['env'], clock: Clock): Place {
  const dataDirectory = configPath(gitDir, settings.get('quire.dir') ?? 'quire', env.HOME);
  const directoryName = basename(gitDir) === '.git' ? basename(dirname(gitDir)) : basename(gitDir);
  return {
    gitDir,
    name: directoryName.replace(/\.git$/, ''),
    settings,
    dataDirectory,
    store: exists(dataDirectory)
      ? storeAt(dataDirectory, clock)
      : openStore(dataDirectory, { clock, mode: recordMode(gitDir, settings) }),
  };
}

/**
 * In a new data directory, records are as readable as the repository is: as `core.sharedRepository` says, else as its
 * directory's own bits, whatever the umask of the one who happens to write. They hold what the commits hold, and the
 * logs besides.
 */
function recordMode(gitDir: string, settings: GitConfig): number {
  const sharing = sharingOf(settings);
  if (sharing === 'group') return 0o660;
  if (sharing === 'everybody') return 0o664;
  if (sharing !== 'umask') return 0o600 | sharing.mode;
  const directory = status(gitDir);
  return 0o600 | (directory.ok ? directory.value.mode & 0o044 : 0);
}

/** Git looks at nothing in a repository of somebody else, since its config could start programs. */
const someoneElses = /dubious ownership in repository at '([^'\n]*)'/;

/** `wanted` is what the command works in. */
export function noRepository(
  failure: GitFailure,
  wanted: 'bare-repository' | 'work-tree' = 'bare-repository',
  named = byOption,
): Result<never, Complaint> {
  const message = sayGitFailure(failure);
  if (failure.reason === 'not-a-repository') {
    const mend =
      wanted === 'work-tree'
        ? 'Go to where the files of a repository are checked out.'
        : `Go into the bare repository, or name it: ${named}`;
    return wrongUsage(message, mend);
  }
  const path = someoneElses.exec(message)?.[1];
  if (path === undefined) return trouble(message);
  const found = status(path);
  const who = found.ok ? `sudo -u '#${found.value.owner}' quire …` : 'sudo -u USER quire …';
  return wrongUsage(`${path} belongs to another user`, `Run quire as that user: ${who}`);
}
