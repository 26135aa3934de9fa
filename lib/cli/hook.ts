/**
 * The hook's second half: turns the pushes in the inbox into runs, evaluates them, tells the pusher, and returns.
 * The shell part then starts the runner: it forks for less than a Node does, and does it also when we have died.
 *
 * The push is safe already; whatever goes wrong here is said and left to the next quire command.
 * Must not know: how a run is worked.
 */
import { join } from 'node:path';
import { readText, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { parseRunId } from '../base/ids.ts';
import { Objects } from '../git/git.ts';
import { self } from '../process/process.ts';
import { evaluateRuns, evaluation } from '../runner/evaluate.ts';
import { type TakenEvent, takeIn, takenBefore } from '../runner/intake.ts';
import type { Server } from '../runner/server.ts';
import { intakeSettings, settingsOf } from '../runner/settings.ts';
import { isPaused, prepareStore, siteOf, understandEvent } from '../store/store.ts';
import { hidden } from './hidden.ts';

/** `hook GIT_DIR DATA EVENT` with the event's text as its input, or `hook GIT_DIR DATA --follow ID…`. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const given = hidden(args, bin);
  if (given === null) return;
  const { server, rest } = given;
  if (rest[0] === '--follow') return follow(server, rest.slice(1));
  // One git for all questions, and it starts while we wait for the lock.
  const objects = new Objects(server.gitDir);
  objects.start();
  await hook({ ...server, withObjects: (body) => body(objects) }, rest[0] ?? '');
  // All is said and on disk. The pusher need not wait for git to notice that nobody asks any more.
  process.exit();
}

/** Answers the shell part: nothing, or on standard output the ids of the runs to follow. */
async function hook(server: Server, event: string): Promise<void> {
  const prepared = prepareStore(server.store);
  if (!prepared.ok) server.say(sayFileFailure(prepared.error));
  const settings = await settingsOf(server.store);
  const taking = takeIn(server, { ...intakeSettings(settings), evaluator: self(), patienceMs: 0 });
  // Loaded while the lock is waited for, which another process takes for us.
  const loading = Promise.all([import('./hook-words.ts'), evaluation()]);
  const taken = await taking;
  const [{ Words, tellRuns }] = await loading;
  const words = new Words();
  if (!taken.ok) return server.say(taken.error);
  const { events } = taken.value;
  const own = events.find(({ name }) => name === event) ?? (await takenByAnother(server, event));
  const runs = own?.runs ?? [];
  for (const notice of own?.notices ?? []) words.add(`${notice}\n`);
  // Ours, whoever took the event in. Those of other pushes are for their own hooks, and for the runner when those
  // are dead: nobody waits here for a stranger's pipeline.
  const evaluated = await evaluateRuns(
    server,
    runs.map(({ id, draft }) => ({ id, sha: draft.sha })),
  );
  const site = settings.ok ? settings.value.config.site : { url: null, dir: null };
  const address = (id: RunId): string =>
    site.url === null
      ? join(site.dir ?? siteOf(server.store), 'runs', id, 'index.html')
      : `${site.url.replace(/\/$/, '')}/runs/${id}/`;
  tellRuns(words, runs, evaluated, address);
  if (isPaused(server.store) && runs.length > 0) words.add('paused: no run starts until quire resume\n');
  words.say();
  if (own?.follow) process.stdout.write(runs.map(({ id }) => `${id}\n`).join(''));
}

/** Hooks of pushes at the same time take each other's events; whose push it is tells about it all the same. */
async function takenByAnother(server: Server, name: string): Promise<TakenEvent | null> {
  const text = readText('/dev/stdin');
  const event = text.ok ? await understandEvent(name, text.value) : text;
  if (!event.ok) return null;
  const taken = await takenBefore(server, event.value);
  if (taken.ok) return taken.value;
  server.say(taken.error);
  return null;
}

/** Streams the logs of runs to the pusher until they end. */
async function follow(server: Server, words: readonly string[]): Promise<void> {
  const ids = words.flatMap((word) => {
    const id = parseRunId(word);
    return id.ok ? [id.value] : [];
  });
  const { followRuns } = await import('./follow.ts');
  await followRuns(server.store, ids);
  process.exit(0);
}
