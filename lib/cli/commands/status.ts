/**
 * `quire status`: what runs, what waits, how each branch stands.
 *
 * Must not know: where runs lie.
 */
import { counted, visible } from '../../base/text.ts';
import { badEvents, isPaused, type Store } from '../../store/store.ts';
import { complain, storeTrouble } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { newestRuns, type Seen } from '../runs-read.ts';
import { aligned } from '../words.ts';
import { lineOf, rowOf } from './list.ts';

/** How far back the last run of a ref is looked for, and how many refs are shown. */
const furthest = 500;
const mostRefs = 20;

export async function status(context: Context, options: { readonly json?: boolean }): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const found = await newestRuns(store, { most: furthest, state: null, ref: null });
  if (!found.ok) return complain(context, storeTrouble(found.error).error);
  const parts = {
    active: found.value.filter((seen) => stateOf(seen) === 'active'),
    pending: found.value.filter((seen) => stateOf(seen) === 'pending').reverse(),
    refs: lastOfRefs(found.value).slice(0, mostRefs),
    unreadable: found.value.filter((seen) => seen.kind === 'unreadable'),
  };
  const troubles = troublesOf(store);
  if (options.json) {
    const lists = Object.fromEntries(Object.entries(parts).map(([name, runs]) => [name, runs.map(lineOf)]));
    const whole = { paused: isPaused(store), ...lists, bad_events: badEvents(store) };
    context.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
    return exits.done;
  }
  const { write, paint } = context.stdout;
  for (const trouble of troubles) write(`${paint('yellow', trouble)}\n`);
  section('Running', parts.active);
  section('Waiting', parts.pending);
  section('Last run of each ref', parts.refs);
  section('Unreadable', parts.unreadable);
  if (parts.active.length === 0 && parts.pending.length === 0) write('Nothing runs, nothing waits.\n');
  return exits.done;

  function section(title: string, runs: readonly Seen[]): void {
    if (runs.length === 0) return;
    write(`${paint('bold', title)}\n`);
    const rows = aligned(runs.map((seen) => rowOf(seen, context.clock(), paint)));
    write(`${rows.replace(/^(?=.)/gm, '  ')}\n`);
  }
}

function troublesOf(store: Store): string[] {
  const bad = badEvents(store);
  return [
    ...(isPaused(store) ? ['The queue is paused. To go on: quire resume'] : []),
    ...(bad.length === 0
      ? []
      : [
          `${counted(bad.length, 'push event')} could not be read and lie in inbox/bad: ${bad.map(visible).join(', ')}`,
        ]),
  ];
}

const stateOf = (seen: Seen): string => (seen.kind === 'run' ? seen.run.state : seen.kind);

function lastOfRefs(runs: readonly Seen[]): Seen[] {
  const last = new Map<string, Seen>();
  for (const seen of runs) {
    if (seen.kind !== 'run' || seen.run.state === 'pending' || seen.run.state === 'active') continue;
    if (!last.has(seen.run.meta.ref)) last.set(seen.run.meta.ref, seen);
  }
  return [...last.values()];
}
