/**
 * `quire drain`: work the inbox and the queue until both are empty, whoever works them.
 *
 * Must not know: how a run is worked.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { visible } from '../../base/text.ts';
import { somethingWaits, workQueue } from '../../runner/queue.ts';
import { tidyFinished } from '../../runner/recover.ts';
import { wakeRunner } from '../../runner/wake.ts';
import { isPaused, listRuns, prepareStore } from '../../store/store.ts';
import { complain, fileTrouble, trouble, warn } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { serve } from '../serving.ts';

export type DrainOptions = { readonly wait?: boolean };

const lookAgainMs = 100;

export async function drain(context: Context, options: DrainOptions): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store, gitDir, name } = place.value;
  const prepared = prepareStore(store);
  if (!prepared.ok) return complain(context, fileTrouble(prepared.error).error);
  const say = (line: string): void => warn(context, visible(line));
  const server = serve({ store, gitDir, repo: name, installation: context.installation, say });
  if (options.wait === false) {
    const woken = await wakeRunner(server);
    return woken.ok ? exits.done : complain(context, trouble(woken.error).error);
  }
  await tidyFinished(server);
  const interruption = context.interruption();
  for (;;) {
    const worked = await workQueue(server, interruption);
    if (!worked.ok) return complain(context, trouble(worked.error).error);
    switch (worked.value) {
      case 'interrupted':
        return exits.interrupted;
      case 'paused':
        context.stdout.write('Paused: nothing starts until quire resume.\n');
        return exits.done;
      case 'done':
        return exits.done;
      case 'busy': {
        if (isPaused(store)) return exits.done;
        const active = listRuns(store, 'active');
        const idle = active.ok && active.value.length === 0 && !(await somethingWaits(server));
        if (interruption.aborted) return exits.interrupted;
        // A runner that has nothing left is about to let go: then the next round finds the lock free.
        await pause(idle ? lookAgainMs / 10 : lookAgainMs);
      }
    }
  }
}
