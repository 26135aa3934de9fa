/**
 * The hook's second half: turns the pushes in the inbox into runs, evaluates them, tells the pusher, and returns.
 *
 * The push is safe already; whatever goes wrong here is said and left to the next quire command.
 * Must not know: how a run is worked.
 */
import { join } from 'node:path';
import { drawDiagnostic } from '../base/draw.ts';
import { readText, sayFileFailure } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { parseRunId, shortRef, shortSha } from '../base/ids.ts';
import { counted, visible } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import { Objects } from '../git/git.ts';
import { isSource } from '../pipeline/draft.ts';
import { chains } from '../pipeline/graph.ts';
import { self } from '../process/process.ts';
import { type EvaluatedRun, evaluateRuns, evaluation } from '../runner/evaluate.ts';
import { type TakenEvent, type TakenRun, takeIn, takenBefore } from '../runner/intake.ts';
import type { Server } from '../runner/server.ts';
import { intakeSettings, settingsOf } from '../runner/settings.ts';
import { wakeRunner } from '../runner/wake.ts';
import { isPaused, prepareStore, siteOf, understandEvent } from '../store/store.ts';
import { hidden } from './hidden.ts';

/** A pusher's terminal gets no more than this, and no more runs one by one. */
const mostBytes = 32 * 1024;
const mostRuns = 20;

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
  const words = new Words();
  const prepared = prepareStore(server.store);
  if (!prepared.ok) server.say(sayFileFailure(prepared.error));
  const settings = await settingsOf(server.store);
  const taking = takeIn(server, { ...intakeSettings(settings), evaluator: self(), patienceMs: 0 });
  // Loaded while the lock is waited for, which another process takes for us.
  void evaluation();
  const taken = await taking;
  if (!taken.ok) {
    await wakeRunner(server);
    return server.say(taken.error);
  }
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
  // Only now, so that the runner's start does not slow our answer; it also publishes what has just ended here. When we
  // die before this, the shell part wakes it.
  const woken = await wakeRunner(server);
  const site = settings.ok ? settings.value.config.site : { url: null, dir: null };
  const address = (id: RunId): string =>
    site.url === null
      ? join(site.dir ?? siteOf(server.store), 'runs', id, 'index.html')
      : `${site.url.replace(/\/$/, '')}/runs/${id}/`;
  tellRuns(words, runs, evaluated, address);
  if (isPaused(server.store) && runs.length > 0) words.add('paused: no run starts until quire resume\n');
  if (!woken.ok) words.add(`no runner could be started (${woken.error}); run: quire drain\n`);
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

function tellRuns(
  words: Words,
  runs: readonly TakenRun[],
  evaluated: readonly EvaluatedRun[],
  address: (id: RunId) => string,
): void {
  const told = new Set<EvaluatedRun>();
  for (const run of runs.slice(0, mostRuns)) {
    words.add(`run ${run.number}  ${visible(shortRef(run.draft.ref))}  ${shortSha(run.draft.sha)}\n`);
    const found = evaluated.find(({ ids }) => ids.includes(run.id));
    // Several refs at one commit have one graph, or one list of faults.
    if (found !== undefined && !told.has(found)) tellPipeline(words, found);
    if (found !== undefined) told.add(found);
    words.add(`  ${address(run.id)}\n`);
  }
  if (runs.length > mostRuns) words.add(`and ${counted(runs.length - mostRuns, 'more run')}\n`);
}

function tellPipeline(words: Words, { evaluated, tree }: EvaluatedRun): void {
  switch (evaluated.kind) {
    case 'pipeline':
      if (evaluated.pipeline.jobs.length === 0) words.add('  no jobs\n');
      for (const chain of chains(evaluated.pipeline)) {
        words.add(
          `  ${chain
            .filter((id) => !isSource(id))
            .map(visible)
            .join(' → ')}\n`,
        );
      }
      return;
    case 'diagnostics': {
      const sourceOf = (file: string): string | null => {
        const entry = tree?.get(file.replace(/^\.quire\//, ''));
        return entry?.kind === 'file' ? Buffer.from(entry.bytes).toString() : null;
      };
      for (const problem of evaluated.diagnostics) words.add(drawDiagnostic(problem, { sourceOf }));
      return;
    }
    case 'internal':
      words.add(`  failed: ${evaluated.error}\n`);
      return;
    default:
      unreachable(evaluated);
  }
}

/** What the pusher is told, kept small: a hook whose reader died blocks for ever once a pipe is full. */
class Words {
  #text = '';
  #left = 0;

  add(text: string): void {
    if (this.#left > 0 || Buffer.byteLength(this.#text) + Buffer.byteLength(text) > mostBytes)
      this.#left += 1;
    else this.#text += text;
  }

  say(): void {
    const rest = this.#left > 0 ? `… the rest is on the run's page\n` : '';
    const text = this.#text + rest;
    if (text !== '') process.stderr.write(text.replace(/^(?=.)/gm, 'quire: '));
  }
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
