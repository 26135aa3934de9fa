/**
 * `quire watch`: runs the work tree's pipeline in place, and again on every save.
 *
 * Must not know: which changes count, how a run is worked.
 */
import { counted, visible } from '../../base/text.ts';
import { unreachable } from '../../base/unreachable.ts';
import { type Choice, runLocally } from '../../runner/local.ts';
import { tee } from '../../runs/events.ts';
import { type Once, type Watch, type WatchNews, watch as watchTree } from '../../watch/watch.ts';
import { complain } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { interruptKey, listenToKeys } from '../keys.ts';
import { type LocalOptions, type Standing, standing, workbench } from '../local.ts';
import { tellEnd } from '../local-end.ts';
import { RunDisplay, statusRows, summary, verdict } from '../run-display.ts';
import type { Screen } from '../screen.ts';
import { screenOn } from '../terminal.ts';
import { shortened } from '../words.ts';

export type WatchOptions = Pick<LocalOptions, 'executor' | 'variable'> & {
  readonly job?: readonly string[];
  /** Milliseconds. */
  readonly debounce?: number;
  readonly clear?: boolean;
};

export async function watch(context: Context, options: WatchOptions): Promise<ExitCode> {
  const at = await standing(context, null);
  if (!at.ok) return complain(context, at.error);
  const watching = new Watching(context, at.value, options);
  return watching.untilOver();
}

class Watching {
  readonly #context: Context;
  readonly #at: Standing;
  readonly #options: WatchOptions;
  readonly #screen: Screen;
  readonly #watch: Watch;
  #display: RunDisplay;
  #began = 0;
  /** What the last line says while nothing runs; null while something does. */
  #idle: string | null = null;
  #exit: ExitCode = exits.done;

  constructor(context: Context, at: Standing, options: WatchOptions) {
    this.#at = at;
    this.#options = options;
    this.#screen = screenOn(context.stdout, process.stdout);
    this.#context = this.#screen.isTerminal
      ? { ...context, stderr: onScreen(context, this.#screen) }
      : context;
    this.#display = new RunDisplay(this.#screen, context.clock);
    this.#watch = watchTree({
      top: at.top,
      ...(options.debounce === undefined ? {} : { quietMs: options.debounce }),
      run: (once) => this.#run(once),
      hear: (news) => this.#hear(news),
    });
  }

  async untilOver(): Promise<ExitCode> {
    const interruption = this.#context.interruption();
    const interrupt = (): void => this.#leave(exits.interrupted);
    interruption.addEventListener('abort', interrupt);
    const keys = this.#screen.isTerminal
      ? listenToKeys((key) => (key === interruptKey ? interrupt() : this.#press(key)))
      : null;
    await this.#watch.over;
    keys?.close();
    this.#screen.close();
    return this.#exit;
  }

  #leave(code: ExitCode): void {
    this.#exit = code;
    this.#watch.quit();
  }

  #press(key: string): void {
    switch (key) {
      case 'r':
        this.#watch.ask('all');
        break;
      case 'f':
        if (this.#failed().length > 0) this.#watch.ask('failed');
        else this.#say('no job has failed');
        break;
      case 'c':
        this.#screen.clear();
        break;
      case 'q':
        this.#watch.quit();
    }
  }

  async #run(once: Once): Promise<void> {
    const { clock } = this.#context;
    const choice = this.#choice(once);
    if (this.#options.clear) this.#screen.clear();
    const display = new RunDisplay(this.#screen, clock);
    this.#display = display;
    this.#began = clock();
    this.#idle = null;
    this.#screen.keep(() => statusRows(display, this.#screen.paint, this.#lastLine()));
    const bench = await workbench(this.#context, this.#at, this.#options);
    if (!bench.ok) {
      this.#idle = 'not started';
      const code = complain(this.#context, bench.error);
      // Settings may be mended while we wait; our own command line can't be.
      if (code === exits.usage) this.#leave(code);
      return;
    }
    const end = await runLocally({
      ...bench.value,
      revision: null,
      choice,
      sink: tee(once.sink, display),
      outDirectory: null,
      wrote: once.wrote,
      signal: once.signal,
    });
    if (end.kind === 'ended') {
      const { paint } = this.#screen;
      // A table of a run that gives way to the next one says nothing.
      const tell = this.#screen.isTerminal || once.signal.aborted ? verdict : summary;
      this.#screen.print(tell(display.view, end.outcome, this.#began, clock(), paint));
    }
    const code = end.kind === 'ended' && once.signal.aborted ? exits.done : this.#tell(end);
    this.#idle = code === exits.done ? 'done' : 'failed';
  }

  #tell(end: Parameters<typeof tellEnd>[1]): ExitCode {
    return tellEnd(this.#context, end, { revision: null, pipelineFile: null });
  }

  #choice({ wish }: Once): Choice {
    const { job } = this.#options;
    if (wish === 'failed') return { kind: 'jobs', jobs: this.#failed() };
    return job === undefined ? { kind: 'all' } : { kind: 'jobs', jobs: job };
  }

  #failed(): readonly string[] {
    const jobs = [...this.#display.view.jobs.values()];
    return jobs.filter((job) => job.state === 'failed').map((job) => job.line.id);
  }

  #hear(news: WatchNews): void {
    if (news.kind !== 'waiting') this.#say(sayNews(news));
    else if (this.#screen.isTerminal) this.#screen.refresh();
    else this.#say('waiting for changes');
  }

  #say(text: string): void {
    this.#screen.print(`${this.#screen.paint('cyan', text)}\n`);
  }

  #lastLine(): string {
    const { paint } = this.#screen;
    const state = this.#idle === null ? 'running' : `${this.#idle}, waiting for changes`;
    return paint('dim', `${state} · r rerun  f only failed  c clear  q quit`);
  }
}

const onScreen = (context: Context, screen: Screen): Context['stderr'] => ({
  ...context.stderr,
  columns: context.stdout.columns,
  write: (text) => screen.print(typeof text === 'string' ? text : Buffer.from(text).toString()),
  drained: () => screen.drained(),
});

function sayNews(news: Exclude<WatchNews, { kind: 'waiting' }>): string {
  switch (news.kind) {
    case 'changed':
      return `changed: ${listed(news.paths)}`;
    case 'adopted':
      return `${listed(news.paths)}: taken for what a job writes; a line in .gitignore would say so`;
    case 'suspected':
      return `${listed(news.paths)}: changed in one run after the other; if a job writes it, list it in .gitignore`;
    case 'trouble':
      return sayTrouble(news.error);
    default:
      return unreachable(news);
  }
}

/** The first few names, and how many more. */
function listed(paths: readonly string[]): string {
  const named = paths.slice(0, 3).map((path) => shortened(visible(path), 60));
  const more = paths.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${counted(more, 'more file')}`;
}

function sayTrouble(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EMFILE') {
    return 'there are more files than may be watched: raise fs.inotify.max_user_watches, or list directories in .gitignore';
  }
  return `a part of the tree is not watched: ${visible(error.message)}`;
}
