/**
 * `run-process GIT_DIR DATA ID`: the process of one run.
 *
 * Must not know: the queue.
 */
import { parseRunId } from '../base/ids.ts';
import { whenSupervisorGone } from '../process/process.ts';
import { workRun } from '../runner/run-process.ts';
import { hidden } from './hidden.ts';

/** Works one run, then ends the process. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const given = hidden(args, bin);
  if (given === null) return;
  const id = parseRunId(given.rest[0] ?? '');
  if (!id.ok) return given.server.say('run-process wants the id of a run');
  const gone = new AbortController();
  whenSupervisorGone(() => gone.abort());
  // Politely asked to end, by whoever shuts the machine down: as if the supervisor had gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => gone.abort());
  await workRun(given.server, id.value, gone.signal);
  process.exit(0);
}
