/**
 * `quire logs`: what the jobs printed, once or as they print it.
 *
 * Must not know: how a log is stored.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobId, RunId } from '../../base/ids.ts';
import { nearest, visible } from '../../base/text.ts';
import type { JobRecord, RunRecord } from '../../runs/records.ts';
import { isFinal } from '../../runs/states.ts';
import { findRun, readLog, readRun, type Store } from '../../store/store.ts';
import { type Complaint, complain, storeTrouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { LogText } from '../log-text.ts';
import { openPlace } from '../place.ts';
import { sayState } from '../words.ts';

export type LogsOptions = { readonly follow?: boolean; readonly raw?: boolean };

export async function logs(
  context: Context,
  word: string,
  job: string | null,
  options: LogsOptions,
): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const id = await findRun(store, word);
  if (!id.ok) return complain(context, storeTrouble(id.error).error);
  const run = await readRun(store, id.value);
  if (!run.ok) return complain(context, storeTrouble(run.error).error);
  const known = run.value.jobs.find((each) => each.id === job);
  if (job !== null && known === undefined) return complain(context, noSuchJob(run.value, job));
  const teller = new Teller(context, store, id.value, options.raw ?? false);
  if (options.follow) await teller.follow(known?.id ?? null);
  else if (known !== undefined) await teller.tell(known.id, '');
  else await teller.tellAll(run.value.jobs);
  return exits.done;
}

function noSuchJob(run: RunRecord, job: string): Complaint {
  const ids = run.jobs.map((each) => each.id);
  const near = nearest(job, ids);
  const hint =
    near !== null ? `Did you mean '${visible(near)}'?` : `Its jobs: ${ids.map(visible).join(', ')}`;
  return wrongUsage(`run ${run.meta.number} has no job '${visible(job)}'`, ids.length === 0 ? null : hint)
    .error;
}

/** How long a follower may be behind. */
const lookEveryMs = 150;

class Teller {
  readonly #context: Context;
  readonly #store: Store;
  readonly #run: RunId;
  readonly #raw: boolean;
  readonly #read = new Map<JobId | null, { text: LogText; offset: number }>();

  constructor(context: Context, store: Store, run: RunId, raw: boolean) {
    this.#context = context;
    this.#store = store;
    this.#run = run;
    this.#raw = raw;
  }

  /** Prints what a log has beyond what was printed. */
  async tell(job: JobId | null, prefix: string): Promise<void> {
    const { stdout } = this.#context;
    const known = this.#read.get(job) ?? {
      text: new LogText({ paint: stdout.paint, colours: stdout.colours, prefix }),
      offset: 0,
    };
    this.#read.set(job, known);
    const reading = readLog(this.#store, this.#run, job, { from: known.offset });
    for (const entry of reading) {
      if (this.#raw) stdout.write(entry.kind === 'output' ? entry.bytes : '');
      else stdout.write(known.text.entry(entry));
      await stdout.drained();
    }
    known.offset = reading.offset;
  }

  #end(job: JobId | null): void {
    if (!this.#raw) this.#context.stdout.write(this.#read.get(job)?.text.end() ?? '');
  }

  async tellAll(jobs: readonly JobRecord[]): Promise<void> {
    const { write, paint } = this.#context.stdout;
    await this.tell(null, '');
    this.#end(null);
    for (const job of jobs) {
      if (!this.#raw) write(`${paint('bold', visible(job.id))}  ${sayState(job.state, paint)}\n`);
      await this.tell(job.id, this.#raw ? '' : '  ');
      this.#end(job.id);
    }
  }

  /** Prints as it comes, until the run has ended. With several jobs each line says whose it is. */
  async follow(only: JobId | null): Promise<void> {
    for (;;) {
      // Looked at before the logs are read: what a run that is over logged is all there.
      const run = await readRun(this.#store, this.#run);
      const jobs = only !== null ? [only] : run.ok ? run.value.jobs.map((job) => job.id) : [];
      const widest = Math.max(0, ...jobs.map((job) => visible(job).length));
      if (only === null) await this.tell(null, '');
      for (const job of jobs) {
        await this.tell(job, jobs.length === 1 ? '' : this.#name(visible(job).padEnd(widest)));
      }
      if (!run.ok || isFinal(run.value.state)) break;
      await pause(lookEveryMs);
    }
    for (const job of this.#read.keys()) this.#end(job);
  }

  #name(name: string): string {
    return `${this.#context.stdout.paint('dim', `${name} │`)} `;
  }
}
