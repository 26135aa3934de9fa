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
import { type Seen, standing } from '../runs-read.ts';
import { aligned } from '../words.ts';
import { lineOf, rowOf } from './list.ts';

/** How many waiting runs and how many refs are shown. */
const most = 20;

export async function status(context: Context, options: { readonly json?: boolean }): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const found = await standing(store, most);
  if (!found.ok) return complain(context, storeTrouble(found.error));
  const { active, pending, waiting, refs, moreRefs } = found.value;
  if (options.json) {
    const whole = {
      paused: isPaused(store),
      active: active.map(lineOf),
      pending: pending.map(lineOf),
      waiting,
      refs: refs.map(lineOf),
      more_refs: moreRefs,
      bad_events: badEvents(store),
    };
    context.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
    return exits.done;
  }
  const { write, paint } = context.stdout;
  for (const trouble of troublesOf(store)) write(`${paint('yellow', trouble)}\n`);
  section('Running', active);
  section(waiting > pending.length ? `Waiting (${waiting})` : 'Waiting', pending);
  section('Last run of each ref', refs, moreRefs);
  if (active.length === 0 && pending.length === 0) write('Nothing runs, nothing waits.\n');
  return exits.done;

  function section(title: string, runs: readonly Seen[], more = 0): void {
    if (runs.length === 0) return;
    write(`${paint('bold', title)}\n`);
    const rows = aligned(runs.map((seen) => rowOf(seen, context.clock(), paint)));
    const rest = more === 0 ? '' : `  and ${more} more\n`;
    write(`${rows.replace(/^(?=.)/gm, '  ')}${rest}\n`);
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
