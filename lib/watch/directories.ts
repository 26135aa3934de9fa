/**
 * The directories of a work tree that are watched: all but git's own and what git ignores.
 *
 * Must not know: how a directory is watched.
 */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { listEntries } from '../base/files.ts';
import { ignoredDirectories, ignoredPaths } from '../git/git.ts';
import { isPipeline, isWorth } from './worth.ts';

/** After so many directories the event loop gets its turn. */
const atOnce = 64;

export type Found = {
  /** Relative to the top; the top itself is the empty path. */
  readonly directories: readonly string[];
  readonly files: readonly string[];
};

/** All that is below `from`. `leftOut` are directories not to go into. */
export async function findBelow(top: string, from: string, leftOut: ReadonlySet<string>): Promise<Found> {
  const directories: string[] = [];
  const files: string[] = [];
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = listEntries(join(top, at));
    if (!entries.ok) continue;
    directories.push(at);
    for (const { name, kind } of entries.value) {
      const path = at === '' ? name : `${at}/${name}`;
      if (!isWorth(path) || (leftOut.has(path) && !isPipeline(path))) continue;
      if (kind === 'directory') waiting.push(path);
      else files.push(path);
    }
    if (directories.length % atOnce === 0) await turn();
  }
  return { directories, files };
}

/** The directories that git ignores now; none when git does not say. */
export async function leftOutOf(top: string): Promise<ReadonlySet<string>> {
  const ignored = await ignoredDirectories(top);
  return new Set(ignored.ok ? ignored.value : []);
}

/** Those of these paths that git ignores; none when git does not say. */
export async function ignoredAmong(top: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const asked = paths.filter((path) => !isPipeline(path));
  const ignored = asked.length === 0 ? null : await ignoredPaths(top, asked);
  return ignored?.ok ? ignored.value : new Set();
}
