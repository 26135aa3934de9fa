/**
 * `quire logs`: what the jobs printed, once or as they print it.
 *
 * Must not know: how a log is stored.
 */
import { nearestOfFew, visible } from '../../base/text.ts';
import type { RunRecord } from '../../runs/records.ts';
import { findRun, readRun } from '../../store/store.ts';
import { type Complaint, complain, storeTrouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { LogTeller } from '../log-teller.ts';
import { openPlace } from '../place.ts';

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
  if (!id.ok) return complain(context, storeTrouble(id.error));
  const run = await readRun(store, id.value);
  if (!run.ok) return complain(context, storeTrouble(run.error));
  const known = run.value.jobs.find((each) => each.id === job);
  if (job !== null && known === undefined) return complain(context, noSuchJob(run.value, job));
  const teller = new LogTeller(store, id.value, context.stdout, { raw: options.raw ?? false });
  if (options.follow) await teller.follow(known?.id ?? null);
  else if (known !== undefined) {
    await teller.tell(known.id, '');
    teller.end(known.id);
  } else await teller.tellAll(run.value.jobs);
  return exits.done;
}

function noSuchJob(run: RunRecord, job: string): Complaint {
  const ids = run.jobs.map((each) => each.id);
  const near = nearestOfFew(job, ids);
  const hint =
    near !== null ? `Did you mean '${visible(near)}'?` : `Its jobs: ${ids.map(visible).join(', ')}`;
  return wrongUsage(`run ${run.meta.number} has no job '${visible(job)}'`, ids.length === 0 ? null : hint)
    .error;
}
