/**
 * Runs something again whenever the files of a work tree change: the door of the room.
 *
 * A change during a run ends it, and the next begins when nothing of it is left.
 * Must not know: the terminal, how a run is worked or shown.
 */
import { join, relative, sep } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { unreachable } from '../base/unreachable.ts';
import { trackedPaths } from '../git/git.ts';
import type { StopReason } from '../runner/stop.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import { contentAt } from './content.ts';
import { type Act, decide, type Happening, type State, type Wish } from './decide.ts';
import { ignoredAmong } from './directories.ts';
import { type Change, Origins } from './origins.ts';
import { Settle } from './settle.ts';
import { TreeWatch } from './tree.ts';
import { isWorth } from './worth.ts';

export type { Wish } from './decide.ts';

/** One run, as the watch wants it. */
export type Once = {
  readonly wish: Wish;
  /** Has to hear what happens in the run: whose changes are whose depends on it. */
  readonly sink: Sink;
  /** Has to be told of files that run functions write. */
  readonly wrote: (path: string) => void;
  /** Its reason is a `StopReason`. */
  readonly signal: AbortSignal;
};

export type WatchNews =
  /** These files are why a run starts, or the one that goes on ends. */
  | { readonly kind: 'changed'; readonly paths: readonly string[] }
  /** A run is over, and nothing is to be done. */
  | { readonly kind: 'waiting' }
  /** Files that are taken for a job's own work from now on. */
  | { readonly kind: 'adopted'; readonly paths: readonly string[] }
  /** Files that changed during one run after the other. */
  | { readonly kind: 'suspected'; readonly paths: readonly string[] }
  /** A part of the tree can't be watched. */
  | { readonly kind: 'trouble'; readonly error: Error };

export type WatchOptions = {
  /** The top of the work tree, absolute, symlinks resolved. */
  readonly top: string;
  /** How long it must be quiet before changes count; default 100. */
  readonly quietMs?: number;
  /** Settles when the run is over and nothing of it is left. */
  readonly run: (once: Once) => Promise<void>;
  readonly hear: (news: WatchNews) => void;
};

export type Watch = {
  /** Runs once more, now; a run that goes on is ended first. */
  ask(wish: Wish): void;
  /** Ends the run that goes on, and then the watch. */
  quit(): void;
  /** When the watch has ended and nothing of it is left. Rejects with what `run` threw. */
  readonly over: Promise<void>;
};

const defaultQuietMs = 100;

/** chokidar keeps a second change of a file back when it comes within 50 ms: who looks earlier may see half a save. */
const shortestQuietMs = 60;

/** Paths of one save that git is asked about one by one; of more it is a checkout, which no job makes. */
const mostAsked = 500;

/** Files whose content is known from the start, and how many are read before the event loop gets its turn. */
const [mostLookedAt, lookedAtOnce] = [10_000, 8];

/** Starts to watch, and the first run at once. */
export function watch(options: WatchOptions): Watch {
  const watching = new Watching(options);
  return {
    ask: (wish) => watching.happen({ kind: 'asked', wish }),
    quit: () => watching.happen({ kind: 'quit' }),
    over: watching.over,
  };
}

class Watching {
  readonly over: Promise<void>;
  readonly #options: WatchOptions;
  readonly #origins = new Origins();
  readonly #settle: Settle;
  readonly #tree: TreeWatch;
  #state: State = { kind: 'waiting' };
  #stop = new AbortController();
  #leave: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(options: WatchOptions) {
    this.#options = options;
    this.over = new Promise((leave, fail) => {
      this.#leave = leave;
      this.#fail = fail;
    });
    const quietMs = Math.max(shortestQuietMs, options.quietMs ?? defaultQuietMs);
    this.#settle = new Settle(quietMs, (paths) => void this.#examine(paths).catch(this.#fail));
    this.#tree = new TreeWatch(options.top, {
      changed: (path) => {
        if (isWorth(path)) this.#settle.hear(path, Date.now());
      },
      trouble: (error) => options.hear({ kind: 'trouble', error }),
    });
    this.happen({ kind: 'asked', wish: 'all' });
    void this.#open().catch(this.#fail);
  }

  happen(happening: Happening): void {
    const { state, act } = decide(this.#state, happening);
    const came = this.#state.kind !== 'waiting' && state.kind === 'waiting';
    this.#state = state;
    if (act !== null) this.#act(act);
    if (came) this.#options.hear({ kind: 'waiting' });
  }

  #act(act: Act): void {
    switch (act.kind) {
      case 'start':
        void this.#run(act.wish).catch(this.#fail);
        return;
      case 'end':
        this.#stop.abort({ kind: 'canceled' } satisfies StopReason);
        return;
      case 'leave':
        this.#settle.close();
        void this.#tree.close().then(this.#leave, this.#fail);
        return;
      default:
        unreachable(act);
    }
  }

  async #run(wish: Wish): Promise<void> {
    this.#stop = new AbortController();
    this.#origins.runStarted(Date.now());
    await this.#options.run({
      wish,
      sink: { hear: (event) => this.#hear(event) },
      wrote: (path) => this.#wrote(path),
      signal: this.#stop.signal,
    });
    this.#origins.runEnded(Date.now());
    this.happen({ kind: 'ended' });
  }

  #hear(event: RunEvent): void {
    if (event.event === 'command-started') this.#origins.commandStarted(commandOf(event), Date.now());
    if (event.event === 'command-finished') {
      this.#origins.commandFinished(commandOf(event), Date.now(), event.signal !== null);
    }
  }

  #wrote(path: string): void {
    const { top } = this.#options;
    const content = path.startsWith(top + sep) ? contentAt(path) : null;
    if (content !== null) this.#origins.knows(relative(top, path), content);
  }

  /** Looks at the files as they were before the first run; one that is younger has changed since. */
  async #open(): Promise<void> {
    const began = Date.now();
    const files = await this.#tree.open();
    for (const [count, file] of files.entries()) {
      if (this.#state.kind === 'over') return;
      const content = count < mostLookedAt ? contentAt(join(this.#options.top, file)) : null;
      if (content === null) continue;
      if (content.savedAt >= began) this.#settle.hear(file, Date.now());
      else if (!this.#origins.isKnown(file)) this.#origins.knows(file, content);
      if (count % lookedAtOnce === 0) await turn();
    }
  }

  /** Finds out which of these paths somebody has changed. */
  async #examine(heard: ReadonlyMap<string, number>): Promise<void> {
    const { top } = this.#options;
    if ([...heard.keys()].some((path) => path.endsWith('.gitignore'))) await this.#tree.widen();
    const ignored = await ignoredAmong(top, [...heard.keys()]);
    const seen = [...heard].flatMap(([path, noticedAt]) => {
      const content = ignored.has(path) ? null : contentAt(join(top, path));
      return content === null ? [] : [{ path, content, noticedAt }];
    });
    const doubtful = seen.filter((change) => this.#origins.mayBeOurs(change)).map(({ path }) => path);
    const tracked = await this.#tracked(doubtful);
    const changes = seen.map(
      (change): Change => ({ ...change, tracked: tracked === null || tracked.has(change.path) }),
    );
    const { changed, adopted, suspected } = this.#origins.judge(changes);
    if (this.#state.kind === 'over') return;
    if (adopted.length > 0) this.#options.hear({ kind: 'adopted', paths: adopted });
    if (suspected.length > 0) this.#options.hear({ kind: 'suspected', paths: suspected });
    if (changed.length === 0) return;
    this.#options.hear({ kind: 'changed', paths: changed });
    this.happen({ kind: 'changed' });
  }

  /** Null: too many to ask about, or git does not say. */
  async #tracked(paths: readonly string[]): Promise<ReadonlySet<string> | null> {
    if (paths.length > mostAsked) return null;
    const tracked = await trackedPaths(this.#options.top, paths);
    return tracked.ok ? tracked.value : null;
  }
}

const commandOf = ({ job, sh }: { readonly job: string; readonly sh: number }): string => `${sh} ${job}`;
