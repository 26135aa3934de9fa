/**
 * `quire list`: the runs, newest first.
 *
 * Must not know: where runs lie.
 */
import { shortRef, shortSha } from '../../base/ids.ts';
import { visible } from '../../base/text.ts';
import type { RunRecord } from '../../runs/records.ts';
import type { RunState } from '../../runs/states.ts';
import type { Paint } from '../colour.ts';
import { complain, storeTrouble } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { newestRuns, type Seen } from '../runs-read.ts';
import { ago, aligned, sayState, shortened, took } from '../words.ts';

export type ListOptions = {
  readonly n: number;
  readonly state?: RunState;
  readonly ref?: string;
  readonly json?: boolean;
};

export async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const found = await newestRuns(place.value.store, {
    most: options.n,
    state: options.state ?? null,
    ref: options.ref ?? null,
  });
  if (!found.ok) return complain(context, storeTrouble(found.error));
  const { stdout } = context;
  if (options.json) stdout.write(`${JSON.stringify(found.value.map(lineOf), null, 2)}\n`);
  else if (found.value.length === 0) stdout.write(`${nothing(options)}\n`);
  else stdout.write(aligned(found.value.map((seen) => rowOf(seen, context.clock(), stdout.paint))));
  return exits.done;
}

const nothing = (options: ListOptions): string =>
  options.state !== undefined || options.ref !== undefined || options.n === 0
    ? 'No such runs.'
    : 'No runs yet: a push to a branch or tag whose commit has .quire/ci.fnl makes the first.';

/** One run as a row of a table. */
export function rowOf(seen: Seen, now: number, paint: Paint): string[] {
  if (seen.kind === 'unreadable') return ['', paint('red', '? unreadable'), '', '', visible(seen.problem)];
  const { meta, state, times } = seen.run;
  return [
    paint('bold', `#${meta.number}`),
    sayState(state, paint),
    paint('cyan', visible(shortened(shortRef(meta.ref), 40))),
    paint('dim', shortSha(meta.sha)),
    visible(shortened(meta.subject.text, 50)),
    paint('dim', ago(times.finishedAt ?? times.createdAt, now)),
    paint('dim', took(times.startedAt, times.finishedAt, now)),
  ];
}

/** One run as `--json` gives it, in the words of the records. */
export function lineOf(seen: Seen): unknown {
  return seen.kind === 'unreadable' ? { id: seen.id, unreadable: seen.problem } : runLine(seen.run);
}

const runLine = ({ meta, state, outcome, times }: RunRecord): unknown => ({
  number: meta.number,
  id: meta.id,
  state,
  outcome: outcome?.outcome ?? null,
  ref: meta.ref,
  sha: meta.sha,
  subject: meta.subject.text,
  author: meta.author.text,
  reason: meta.reason,
  created_at: times.createdAt,
  started_at: times.startedAt,
  finished_at: times.finishedAt,
});
