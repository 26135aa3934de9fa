/**
 * Makes sure that somebody works the queue: starts a runner that outlives whoever asked.
 *
 * One that finds another at work ends at once, so asking too often costs a process and no more.
 * Must not know: what is waiting.
 */
import { join } from 'node:path';
import { closeDescriptor, openDescriptor, sayFileFailure, status, truncate } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { sayStartFailure, spawnDetached } from '../process/process.ts';
import { ownEnvironment, type Server } from './server.ts';

/** What the runner says has nobody to hear it; it goes to a file that must not grow for ever. */
const largestLog = 1024 * 1024;

export const runnerLog = (server: Pick<Server, 'store'>): string => join(server.store.root, 'runner.log');

/** Called by each runner at its start: whoever started it only appends. */
export function trimRunnerLog(server: Pick<Server, 'store'>): void {
  const path = runnerLog(server);
  const size = status(path);
  if (size.ok && size.value.kind === 'file' && size.value.size > largestLog) truncate(path, 0);
}

export async function wakeRunner(server: Server): Promise<Result<void, string>> {
  const path = runnerLog(server);
  const log = openDescriptor(path, 'a', 0o600);
  if (!log.ok) return err(sayFileFailure(log.error));
  const { node, bin } = server.program;
  const started = await spawnDetached([node, bin, 'runner', server.gitDir, server.store.root], {
    env: ownEnvironment(),
    cwd: server.store.root,
    output: log.value,
  });
  closeDescriptor(log.value);
  return started.ok ? ok(undefined) : err(sayStartFailure(started.error));
}
