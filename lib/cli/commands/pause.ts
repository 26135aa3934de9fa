/**
 * `quire pause` and `quire resume`: hold and release the queue.
 *
 * Must not know: who works the queue.
 */
import { isPaused, pause, prepareStore, resume } from '../../store/store.ts';
import { complain, fileTrouble } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace } from '../place.ts';

export async function pauseQueue(context: Context): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const prepared = prepareStore(store);
  const paused = prepared.ok ? pause(store) : prepared;
  if (!paused.ok) return complain(context, fileTrouble(paused.error).error);
  context.stdout.write('Paused: what runs goes on, nothing starts. To go on: quire resume\n');
  return exits.done;
}

export async function resumeQueue(context: Context): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const { store } = place.value;
  const wasPaused = isPaused(store);
  const resumed = resume(store);
  if (!resumed.ok) return complain(context, fileTrouble(resumed.error).error);
  context.stdout.write(
    wasPaused ? 'Released. To work what waits now: quire drain\n' : 'The queue was not paused.\n',
  );
  return exits.done;
}
