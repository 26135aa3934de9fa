/**
 * A repository as the runner wants it: its store, this installation's programs, and the site that shows it.
 *
 * Must not know: which command needs it.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { status } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { withObjects } from '../git/git.ts';
import { acquireLock, sayLockFailure } from '../process/process.ts';
import type { Server } from '../runner/server.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import type { Site, SiteResult, SiteSink } from '../site/site.ts';
import { lockFile, openStore, type Store } from '../store/store.ts';
import type { Installation } from './context.ts';

export type ServingOptions = {
  readonly store: Store;
  readonly gitDir: string;
  readonly repo: string;
  readonly installation: Installation;
  readonly say: (line: string) => void;
};

/** The store of a data directory that is there: its files are as readable as the directory is. */
export function storeAt(root: string, clock: Clock = systemClock): Store {
  const directory = status(root);
  return openStore(root, { clock, mode: directory.ok ? 0o600 | (directory.value.mode & 0o066) : 0o600 });
}

/** The site is loaded when it is first written: a hook never does. */
export function serve({ store, gitDir, repo, installation, say }: ServingOptions): Server {
  const pages = new Pages({ store, gitDir, repo, installation, say });
  return {
    store,
    gitDir,
    withObjects: (body) => withObjects(gitDir, body),
    repo,
    program: {
      node: installation.node,
      bin: installation.bin,
      worker: installation.workerFile,
      launcher: installation.launcherFile,
    },
    clock: systemClock,
    publish: (runs) => pages.publish(runs),
    live: (run) => new LivePages(pages, run),
    say,
  };
}

/** The site's pages, written by one process at a time. */
class Pages {
  readonly #options: ServingOptions;
  #site: Promise<Site> | null = null;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** Whether the last attempt to write pages succeeded. */
  sound = true;

  /** False when the pages could not be written; why has been said. */
  async publish(runs: readonly RunId[]): Promise<boolean> {
    if (runs.length === 0) return true;
    await this.guarded(async () => {
      const site = await this.site();
      await this.locked(async () => this.heard(await site.update(runs.map((run) => ({ run })))));
    });
    return this.sound;
  }

  /** A fault in the site's code costs pages, never a run or the runner: whatever is thrown there ends here. */
  async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.sound = false;
      this.#options.say(`the site could not be written: ${error instanceof Error ? error.message : error}`);
    }
  }

  site(): Promise<Site> {
    this.#site ??= import('./publishing.ts').then(({ openSite }) => openSite(this.#options));
    return this.#site;
  }

  readonly heard = async (result: SiteResult): Promise<void> => {
    this.sound = result.ok;
    if (result.ok) return;
    const { saySiteFailure } = await import('../site/site.ts');
    this.#options.say(saySiteFailure(result.error));
  };

  readonly locked = async (work: () => Promise<void>): Promise<void> => {
    const lock = await acquireLock(lockFile(this.#options.store, 'site'), { waitMs: longestWaitMs });
    if (!lock.ok) {
      this.sound = false;
      return this.#options.say(`the site: ${sayLockFailure(lock.error)}`);
    }
    try {
      await this.guarded(work);
    } finally {
      lock.value.release();
    }
  };
}

/** Nobody writes pages for long; who waits longer than this waits for something broken. */
const longestWaitMs = 60_000;

/** A run that is over by then needs its pages written only once, and its jobs need not wait for the site's code. */
const loadAfterMs = 150;

/** Keeps the pages of a run fresh while it goes on; what happens before the site is loaded is kept until then. */
class LivePages implements Sink {
  readonly #pages: Pages;
  readonly #run: RunId;
  readonly #early: RunEvent[] = [];
  readonly #timer: NodeJS.Timeout;
  #sink: SiteSink | null = null;

  constructor(pages: Pages, run: RunId) {
    this.#pages = pages;
    this.#run = run;
    this.#timer = setTimeout(() => void pages.guarded(() => this.#load()), loadAfterMs);
    this.#timer.unref();
  }

  hear(event: RunEvent): void | Promise<void> {
    if (this.#sink !== null) return this.#sink.hear(event);
    if (event.event !== 'output' && event.event !== 'run-output') this.#early.push(event);
  }

  async settle(): Promise<boolean> {
    clearTimeout(this.#timer);
    if (this.#sink === null) return this.#pages.publish([this.#run]);
    await this.#sink.settle();
    return this.#pages.sound;
  }

  async #load(): Promise<void> {
    const [{ siteSink }, site] = await Promise.all([import('../site/site.ts'), this.#pages.site()]);
    const { locked, heard } = this.#pages;
    const sink = siteSink(site, { run: this.#run, locked, heard: (result) => void heard(result) });
    for (const event of this.#early.splice(0)) await sink.hear(event);
    this.#sink = sink;
  }
}
