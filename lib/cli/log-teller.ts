/**
 * Tells the logs of one run, once or as they grow: the one way in which commands and the hook follow a run.
 *
 * Must not know: how a log is stored, who reads.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobId, RunId } from '../base/ids.ts';
import { visible } from '../base/text.ts';
import type { JobRecord, RunRecord } from '../runs/records.ts';
import { isFinal } from '../runs/states.ts';
import { readLog, readRun, type Store } from '../store/store.ts';
import type { Output } from './context.ts';
import { LogText } from './log-text.ts';
import { terminalText } from './terminal-text.ts';
import { sayState } from './words.ts';

/** Where the words go. `drained` settles at once when nobody listens any more. */
export type Listener = Pick<Output, 'write' | 'drained' | 'paint' | 'colours'>;

export type TellerOptions = {
  /** The bytes as they were logged, and nothing else; default false. */
  readonly raw?: boolean;
  /** Aborted when nobody listens any more; default never. */
  readonly signal?: AbortSignal;
};

/** How long a follower may be behind the log. */
const lookEveryMs = 100;

export class LogTeller {
  readonly #store: Store;
  readonly #run: RunId;
  readonly #listener: Listener;
  readonly #raw: boolean;
  readonly #signal: AbortSignal | null;
  readonly #read = new Map<JobId | null, { text: LogText; offset: number }>();

  constructor(store: Store, run: RunId, listener: Listener, options: TellerOptions = {}) {
    this.#store = store;
    this.#run = run;
    this.#listener = listener;
    this.#raw = options.raw ?? false;
    this.#signal = options.signal ?? null;
  }

  /** Tells what a log has beyond what was told. */
  async tell(job: JobId | null, prefix: string): Promise<void> {
    const { write, drained, paint, colours } = this.#listener;
    const known = this.#read.get(job) ?? { text: new LogText({ paint, colours, prefix }), offset: 0 };
    this.#read.set(job, known);
    const reading = readLog(this.#store, this.#run, job, { from: known.offset });
    for (const entry of reading) {
      if (this.#raw) write(entry.kind === 'output' ? entry.bytes : '');
      else write(known.text.entry(entry));
      await drained();
      if (this.#over) break;
    }
    known.offset = reading.offset;
  }

  /** Ends the lines of a log that never ended. */
  end(job: JobId | null): void {
    if (!this.#raw) this.#listener.write(this.#read.get(job)?.text.end() ?? '');
  }

  /** All that there is by now, job after job. */
  async tellAll(jobs: readonly JobRecord[]): Promise<void> {
    const { write, paint } = this.#listener;
    await this.tell(null, '');
    this.end(null);
    for (const job of jobs) {
      if (!this.#raw) write(`${paint('bold', visible(job.id))}  ${sayState(job.state, paint)}\n`);
      await this.tell(job.id, this.#raw ? '' : '  ');
      this.end(job.id);
      if (!this.#raw && job.error !== null) write(`  ${paint('red', '✘')} ${terminalText(job.error)}\n`);
    }
  }

  /**
   * Tells as it comes, until the run has ended, or is not there any more (null). Without `only` it is all jobs, and
   * each line says whose it is.
   */
  async follow(only: JobId | null): Promise<RunRecord | null> {
    for (;;) {
      // Looked at before the logs are read: what a run that is over logged is all there.
      const found = await readRun(this.#store, this.#run);
      const run = found.ok ? found.value : null;
      const jobs = only !== null ? [only] : (run?.jobs.map((job) => job.id) ?? []);
      const widest = Math.max(0, ...jobs.map((job) => visible(job).length));
      if (only === null) await this.tell(null, '');
      for (const job of jobs) await this.tell(job, only === null ? this.#name(job, widest) : '');
      if (run === null || isFinal(run.state) || this.#over) {
        for (const job of this.#read.keys()) this.end(job);
        return run;
      }
      await pause(lookEveryMs);
    }
  }

  get #over(): boolean {
    return this.#signal?.aborted ?? false;
  }

  #name(job: JobId, widest: number): string {
    return this.#raw ? '' : `${this.#listener.paint('dim', `${visible(job).padEnd(widest)} │`)} `;
  }
}
