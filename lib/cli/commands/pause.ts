/**
 * `quire pause` and `quire resume`: hold and release the queue.
 *
 * Must not know: who works the queue.
 */
import { visible } from '../../base/text.ts';
import { wakeRunner } from '../../runner/wake.ts';
import { isPaused, pause, prepareStore, resume } from '../../store/store.ts';
import { complain, fileTrouble, trouble, warn } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';
import { serve } from '../serving.ts';

export async function pauseQueue(context: Context): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const prepared = prepareStore(store);
  const paused = prepared.ok ? pause(store) : prepared;
  if (!paused.ok) return complain(context, fileTrouble(paused.error));
  context.stdout.write('Paused: what runs goes on, nothing starts. To go on: quire resume\n');
  return exits.done;
}

export async function resumeQueue(context: Context): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store, gitDir, name } = place.value;
  const wasPaused = isPaused(store);
  const resumed = resume(store);
  if (!resumed.ok) return complain(context, fileTrouble(resumed.error));
  const say = (line: string): void => warn(context, visible(line));
  const server = serve({ store, gitDir, repo: name, installation: context.installation, say });
  const woken = await wakeRunner(server);
  if (!woken.ok) return complain(context, trouble(woken.error, 'Released. To work what waits: quire drain'));
  context.stdout.write(wasPaused ? 'Released: what waits is worked now.\n' : 'The queue was not paused.\n');
  return exits.done;
}
