/**
 * What a push waits for, and what works the queue: the three processes that are not for people to start.
 *
 * The bundle of this file is on the way of every push: what is heavy is loaded where it is used.
 * Must not know: the command line for people.
 */
import { basename } from 'node:path';
import { parseRunId } from '../base/ids.ts';
import { visible } from '../base/text.ts';
import { whenSupervisorGone } from '../process/process.ts';
import { workQueue } from '../runner/queue.ts';
import { workRun } from '../runner/run-process.ts';
import type { Server } from '../runner/server.ts';
import { installationOf } from './context.ts';
import { follow, hook } from './hook.ts';
import { serve, storeAt } from './serving.ts';

/** `hook GIT_DIR DATA [--follow ID…]`, `runner GIT_DIR DATA`, `run-process GIT_DIR DATA ID`. Ends the process. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const [command, gitDir, data, ...rest] = args;
  if (gitDir === undefined || data === undefined)
    return complain(`'${command}' is for the hook, not for people`);
  const server = serve({
    store: storeAt(data),
    gitDir,
    repo: repositoryName(gitDir),
    installation: installationOf(bin),
    say: (line) => process.stderr.write(`${stamped(command)}quire: ${visible(line)}\n`),
  });
  switch (command) {
    case 'hook':
      return rest[0] === '--follow' ? follow(server, rest.slice(1)) : hook(server);
    case 'runner':
      return run(server);
    case 'run-process':
      return runProcess(server, rest[0] ?? '');
    default:
      return complain(`there is no hidden command '${command}'`);
  }
}

export const repositoryName = (gitDir: string): string => basename(gitDir).replace(/\.git$/, '');

/** The runner's words go to a file, where a line without its time says little. */
const stamped = (command: string | undefined): string =>
  command === 'runner' ? `${new Date().toISOString()} ` : '';

function complain(message: string): void {
  process.stderr.write(`quire: ${message}\n`);
  process.exitCode = 2;
}

async function run(server: Server): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const worked = await workQueue(server, stop.signal);
  if (!worked.ok) server.say(worked.error);
  process.exit(worked.ok ? 0 : 3);
}

async function runProcess(server: Server, word: string): Promise<void> {
  const id = parseRunId(word);
  if (!id.ok) return complain('run-process wants the id of a run');
  const gone = new AbortController();
  whenSupervisorGone(() => gone.abort());
  // Politely asked to end, by whoever shuts the machine down: as if the supervisor had gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => gone.abort());
  await workRun(server, id.value, gone.signal);
  process.exit(0);
}
