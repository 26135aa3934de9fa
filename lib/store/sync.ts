/**
 * Puts what was just written on disk: file by file for a few, with one call for many.
 *
 * A sync of a new file costs a commit of the file system's journal; a push of thousands of refs would wait for
 * thousands of them. Must not know: what was written.
 */
import { type FileResult, syncFile } from '../base/files.ts';
import { ok } from '../base/result.ts';
import { capture } from '../process/capture.ts';

/** From this many on, syncing the whole file system is cheaper than syncing each file. */
export const many = 100;

/** Syncs files and directories of one file system. `within` is a directory of it. */
export async function syncAll(within: string, paths: readonly string[]): Promise<FileResult<void>> {
  if (paths.length >= many && (await syncFileSystem(within))) return ok(undefined);
  for (const path of paths) {
    const synced = syncFile(path);
    if (!synced.ok) return synced;
  }
  return ok(undefined);
}

/** By coreutils, since Node has no syncfs(2). False where that can't be done: then each file is synced. */
async function syncFileSystem(directory: string): Promise<boolean> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const done = await capture(['sync', '-f', directory], { env, cwd: '/' });
  return done.ok && done.value.code === 0;
}
