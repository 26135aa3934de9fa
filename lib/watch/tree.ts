/**
 * Notices changes in a work tree. Every directory is watched by itself, so that none that git ignores ever is.
 *
 * Must not know: what a change leads to.
 */
import { join, relative } from 'node:path';
import { type FSWatcher, watch as watchPaths } from 'chokidar';
import { findBelow, ignoredAmong, leftOutOf } from './directories.ts';
import { isWorth } from './worth.ts';

export type TreeListener = {
  /** A path, relative to the top, that was made, changed or removed: a wake-up, it may come twice. */
  readonly changed: (path: string) => void;
  /** A part of the tree can't be watched. */
  readonly trouble: (error: Error) => void;
};

/** A new directory is looked at again after this long: what came into it while it was being added. */
const lookAgainMs = 100;

export class TreeWatch {
  readonly #top: string;
  readonly #listener: TreeListener;
  readonly #watched = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #watcher: FSWatcher | null = null;
  #closed = false;

  constructor(top: string, listener: TreeListener) {
    this.#top = top;
    this.#listener = listener;
  }

  /** Settles with all files when the whole tree is watched: what changes from now on is told. */
  async open(): Promise<readonly string[]> {
    const { directories, files } = await findBelow(this.#top, '', await leftOutOf(this.#top));
    if (this.#closed) return [];
    for (const directory of directories) this.#watched.add(directory);
    const watcher = watchPaths(this.#absolute(directories), {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      // It would keep every removal back for 100 ms.
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path) => !isWorth(relative(this.#top, path)),
    });
    this.#watcher = watcher;
    watcher.on('error', (error) =>
      this.#listener.trouble(error instanceof Error ? error : new Error(String(error))),
    );
    for (const event of ['add', 'change', 'unlink'] as const) {
      watcher.on(event, (path) => this.#listener.changed(relative(this.#top, path)));
    }
    watcher.on('addDir', (path) => void this.#take(relative(this.#top, path)));
    watcher.on('unlinkDir', (path) => this.#forget(relative(this.#top, path)));
    await new Promise<void>((ready) => watcher.once('ready', ready));
    return files;
  }

  /** Looks for directories that git no longer ignores. */
  async widen(): Promise<void> {
    const { directories } = await findBelow(this.#top, '', await leftOutOf(this.#top));
    this.#add(directories);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#watcher?.close();
  }

  /** A directory that came later, with all that is in it by now. */
  async #take(path: string): Promise<void> {
    if (this.#watched.has(path) || !isWorth(path)) return;
    const ignored = await ignoredAmong(this.#top, [path]);
    if (this.#closed || ignored.has(path)) return;
    const { directories, files } = await findBelow(this.#top, path, await leftOutOf(this.#top));
    this.#add(directories);
    for (const file of files) this.#listener.changed(file);
    const timer = setTimeout(() => void this.#lookAgain(path, timer), lookAgainMs);
    this.#timers.add(timer);
  }

  async #lookAgain(path: string, timer: NodeJS.Timeout): Promise<void> {
    this.#timers.delete(timer);
    const { directories, files } = await findBelow(this.#top, path, await leftOutOf(this.#top));
    this.#add(directories);
    for (const file of files) this.#listener.changed(file);
  }

  #add(directories: readonly string[]): void {
    const fresh = directories.filter((directory) => !this.#watched.has(directory));
    if (this.#closed || fresh.length === 0) return;
    for (const directory of fresh) this.#watched.add(directory);
    this.#watcher?.add(this.#absolute(fresh));
  }

  #forget(path: string): void {
    for (const directory of this.#watched) {
      if (directory === path || directory.startsWith(`${path}/`)) this.#watched.delete(directory);
    }
  }

  #absolute(directories: readonly string[]): string[] {
    return directories.map((directory) => join(this.#top, directory));
  }
}
