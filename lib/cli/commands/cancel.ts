/**
 * `quire cancel`: a run that waits ends at once, the owner of one that runs is asked to end it.
 *
 * Must not know: how an owner ends a run.
 */
import { visible } from '../../base/text.ts';
import { settleOne } from '../../runner/recover.ts';
import { findRun, inQueue, stopRun } from '../../store/store.ts';
import { complain, storeTrouble, warn } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { serve } from '../serving.ts';

export async function cancel(context: Context, word: string): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store, gitDir, name } = place.value;
  const id = await findRun(store, word);
  if (!id.ok) return complain(context, storeTrouble(id.error).error);
  const stopped = await inQueue(store, (queue) => stopRun(queue, id.value, { kind: 'cancel' }));
  if (!stopped.ok) return complain(context, storeTrouble(stopped.error).error);
  // As it was called: nobody knows runs by their ids.
  const named = /^\d+$/.test(word) ? `run ${word}` : id.value;
  switch (stopped.value) {
    case 'ended': {
      const say = (line: string): void => warn(context, visible(line));
      await settleOne(
        serve({ store, gitDir, repo: name, installation: context.installation, say }),
        id.value,
      );
      context.stdout.write(`Canceled ${named}: it had not started.\n`);
      return exits.done;
    }
    case 'asked':
      context.stdout.write(`Asked ${named} to end; what does not end within 5 s is killed.\n`);
      return exits.done;
  }
}
