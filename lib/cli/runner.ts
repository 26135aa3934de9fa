/**
 * `runner GIT_DIR DATA`: the process that works the queue.
 *
 * Must not know: what a run does.
 */
import { closeInherited } from '../process/process.ts';
import { workQueue } from '../runner/queue.ts';
import { trimRunnerLog } from '../runner/wake.ts';
import { hidden } from './hidden.ts';

/** Works the queue until it is empty, then ends the process. Its words go to a file, so each line has its time. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  closeInherited();
  const given = hidden(args, bin, () => `${new Date().toISOString()} `);
  if (given === null) return;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  trimRunnerLog(given.server);
  const worked = await workQueue(given.server, stop.signal);
  if (!worked.ok) given.server.say(worked.error);
  process.exit(worked.ok ? 0 : 3);
}
