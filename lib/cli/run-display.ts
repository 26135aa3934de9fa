/**
 * Shows a run while it goes on: the output of its jobs as lines, how each job stands, and in the end what became of it.
 *
 * Must not know: how the run is worked; whether the screen is a terminal.
 */
import type { Clock } from '../base/clock.ts';
import type { JobId } from '../base/ids.ts';
import { showDuration, visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RunEvent, Sink } from '../runs/events.ts';
import type { LogEntry, Outcome } from '../runs/records.ts';
import { isJobOver } from '../runs/states.ts';
import { emptyView, fold, type JobView, type RunView } from '../runs/view.ts';
import type { Paint } from './colour.ts';
import { LogText } from './log-text.ts';
import type { Screen } from './screen.ts';
import { terminalText } from './terminal-text.ts';
import { aligned, sayState, took } from './words.ts';

export class RunDisplay implements Sink {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #logs = new Map<JobId | null, LogText>();
  #view: RunView = emptyView;
  #widest = 0;

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
  }

  get view(): RunView {
    return this.#view;
  }

  hear(event: RunEvent): void | Promise<void> {
    this.#view = fold(this.#view, event);
    switch (event.event) {
      case 'run-started':
        this.#widest = Math.max(0, ...event.jobs.map(({ id }) => visible(id).length));
        this.#screen.refresh();
        return;
      case 'job-started':
        this.#screen.refresh();
        if (event.attempt > 1)
          this.#tell(event.job, { kind: 'attempt', attempt: event.attempt, at: event.at });
        return;
      case 'command-started':
        return this.#tell(event.job, { kind: 'command', sh: event.sh, cmd: event.cmd, at: event.at });
      case 'output':
        this.#tell(event.job, { kind: 'output', stream: event.stream, bytes: event.bytes, t: event.t });
        return this.#screen.drained();
      case 'run-output':
        this.#tell(null, { kind: 'output', stream: event.stream, bytes: event.bytes, t: 0 });
        return this.#screen.drained();
      case 'command-finished':
        return this.#tell(event.job, { kind: 'exit', exit: event.exit, signal: event.signal, t: event.t });
      case 'note':
        return this.#tell(event.job, { kind: 'note', text: event.text, at: event.at });
      case 'job-finished':
        return this.#finishJob(event.job);
      case 'run-finished':
        this.#screen.print(this.#logs.get(null)?.end() ?? '');
        return;
      case 'container':
        return;
      default:
        return unreachable(event);
    }
  }

  /** How each job stands, one row each. */
  rows(): readonly string[] {
    const { paint } = this.#screen;
    const now = this.#clock();
    return rowsOf([...this.#view.jobs.values()], now, paint);
  }

  #tell(job: JobId | null, entry: LogEntry): void {
    this.#screen.print(this.#log(job).entry(entry));
  }

  #finishJob(id: JobId): void {
    const { paint } = this.#screen;
    this.#screen.print(this.#logs.get(id)?.end() ?? '');
    const job = this.#view.jobs.get(id);
    if (job !== undefined && this.#several && job.startedAt !== null) {
      const duration = paint('dim', took(job.startedAt, job.finishedAt, 0));
      this.#screen.print(`${this.#prefix(id)}${sayState(job.state, paint)}  ${duration}\n`);
    }
    this.#screen.refresh();
  }

  get #several(): boolean {
    return this.#view.jobs.size > 1;
  }

  #log(job: JobId | null): LogText {
    const known = this.#logs.get(job);
    if (known !== undefined) return known;
    const { paint, colours } = this.#screen;
    const log = new LogText({ paint, colours, prefix: job === null ? '' : this.#prefix(job) });
    this.#logs.set(job, log);
    return log;
  }

  /** With several jobs each line says whose it is. */
  #prefix(job: JobId): string {
    if (!this.#several) return '';
    return `${this.#screen.paint('dim', `${visible(job).padEnd(this.#widest)} │`)} `;
  }
}

function rowsOf(jobs: readonly JobView[], now: number, paint: Paint): readonly string[] {
  const rows = jobs.map((job) => [
    sayState(job.state, paint),
    visible(job.line.id),
    paint('dim', took(job.startedAt, job.finishedAt, now)),
    job.reason === null ? '' : paint('dim', visible(job.reason)),
  ]);
  return aligned(rows).split('\n').slice(0, -1);
}

/** How many rows of jobs a screen is given, so that a long pipeline leaves room for its output. */
const mostRows = 12;

/** What stands below the output: the jobs that say most at the moment, and a last line. */
export function statusRows(display: RunDisplay, paint: Paint, last: string): readonly string[] {
  const rows = display.rows();
  const jobs = [...display.view.jobs.values()];
  if (rows.length <= mostRows) return rows.length === 0 ? [last] : ['', ...rows, last];
  const telling = rows.filter((_, at) => {
    const state = jobs[at]?.state;
    return state === 'active' || state === 'failed';
  });
  const over = jobs.filter((job) => isJobOver(job.state)).length;
  const counts = paint('dim', `${over} of ${jobs.length} jobs are over`);
  return ['', ...telling.slice(0, mostRows), counts, last];
}

/** The end of a run in lines that stay: each job, what went wrong, the outcome. */
export function summary(view: RunView, outcome: Outcome, began: number, ended: number, paint: Paint): string {
  const rows = rowsOf([...view.jobs.values()], ended, paint).map((row) => `${row}\n`);
  const table = rows.length === 0 ? '' : `\n${rows.join('')}`;
  return table + verdict(view, outcome, began, ended, paint);
}

/** The same without the jobs that went well. */
export function verdict(view: RunView, outcome: Outcome, began: number, ended: number, paint: Paint): string {
  const errors = [...view.jobs.values()].flatMap(({ line, error }) =>
    error === null ? [] : [`${paint('red', `✘ ${visible(line.id)}:`)} ${terminalText(error)}\n`],
  );
  const all = errors.length === 0 ? '' : `\n${errors.join('')}`;
  return `${all}\n${sayOutcome(outcome, paint)} in ${showDuration(ended - began)}\n`;
}

function sayOutcome({ outcome }: Outcome, paint: Paint): string {
  switch (outcome) {
    case 'succeeded':
      return paint('green', 'succeeded');
    case 'canceled':
    case 'replaced':
      return paint('yellow', 'canceled');
    case 'failed-job':
    case 'failed-pipeline':
    case 'failed-internal':
    case 'failed-orphaned':
    case 'failed-timeout':
      return paint('red', 'failed');
    default:
      return unreachable(outcome);
  }
}
