/**
 * The hook's second half: turns the pushes in the inbox into runs, evaluates them, tells the pusher, and returns.
 * The shell part then starts the runner: it forks for less than a Node does, and does it also when we have died.
 *
 * The push is safe already; whatever goes wrong here is said and left to the next quire command.
 * Must not know: how a run is worked.
 */
import { join } from 'node:path';
import { readText, sayFileFailure, standardError } from '../base/files.ts';
import type { RunId } from '../base/ids.ts';
import { parseRunId } from '../base/ids.ts';
import { err, type Result } from '../base/result.ts';
import { mayRun, Objects, parsePushLines } from '../git/git.ts';
import { self } from '../process/process.ts';
import { evaluateRuns, evaluation } from '../runner/evaluate.ts';
import { type TakenEvent, takeIn, takenBefore } from '../runner/intake.ts';
import type { Server } from '../runner/server.ts';
import { intakeSettings, settingsOf } from '../runner/settings.ts';
import { type InboxEvent, isPaused, prepareStore, siteOf, understandEvent } from '../store/store.ts';
import { hidden } from './hidden.ts';

/** So many refs of a push are asked for ahead; of one with more, git has to be waited for anyway. */
const mostAhead = 10;

/** The exit codes when there was no event: the shell part could not keep it and has said so, or it was killed. */
const codes = { answered: 0, 'not-kept': 20, killed: 21 } as const;

/** `hook GIT_DIR DATA`, told the event by the shell part, or `hook GIT_DIR DATA --follow ID…`. */
export async function main(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const given = hidden(args, bin);
  if (given === null) return;
  const { server, rest } = given;
  if (rest[0] === '--follow') return follow(server, rest.slice(1));
  const end = await hook(server, new Objects(server.gitDir), (words) => {
    // Where it can't be written at once, a stream waits.
    if (!standardError.append(words).ok) process.stderr.write(words);
  });
  // All is said and on disk. The pusher need not wait for git to notice that nobody asks any more.
  process.exit(codes[end]);
}

/**
 * Answers the push of a repository that was made for it, tells nobody, and leaves nothing open: a start-up snapshot
 * is taken afterwards, in which the code is compiled and a VM waits. Throws when the push can't be answered.
 */
export async function rehearse(args: readonly string[], { bin }: { bin: string }): Promise<void> {
  const given = hidden(args, bin);
  if (given === null) throw new Error('no repository');
  const said: string[] = [];
  const server: Server = { ...given.server, say: (line) => said.push(line) };
  const objects = new Objects(server.gitDir);
  await hook(server, objects, (words) => said.push(words));
  await objects.close();
  if (said.length !== 1 || !said[0]?.startsWith('quire: run 1 '))
    throw new Error(said.join('') || 'no answer');
  (await evaluation()).prepareStage();
}

/**
 * Answers the shell part: nothing, or on standard output the ids of the runs to follow. `objects` answers all questions
 * to git; whoever made it closes it.
 */
async function hook(
  given: Server,
  objects: Objects,
  tell: (words: string) => void,
): Promise<keyof typeof codes> {
  // The shell part may still be at work on the event: what needs none comes first. Git starts meanwhile.
  objects.start();
  const server: Server = { ...given, withObjects: (body) => body(objects) };
  const prepared = prepareStore(server.store);
  if (!prepared.ok) server.say(sayFileFailure(prepared.error));
  const settings = await settingsOf(server.store);
  const event = await eventFromShell();
  if (typeof event === 'string') return event;
  // Git answers while we wait for the lock.
  if (event.ok) askAhead(objects, event.value);
  const taking = takeIn(server, { ...intakeSettings(settings), evaluator: self(), patienceMs: 0 });
  // Loaded while the lock is waited for, which another process takes for us.
  const loading = Promise.all([import('./hook-words.ts'), evaluation()]);
  const taken = await taking;
  const [{ Words, tellRuns }] = await loading;
  const words = new Words();
  if (!taken.ok) {
    server.say(taken.error);
    return 'answered';
  }
  const { events } = taken.value;
  // An event that we can't read was said to be set aside.
  const own = event.ok
    ? (events.find(({ name }) => name === event.value.name) ?? (await takenByAnother(server, event.value)))
    : null;
  const runs = own?.runs ?? [];
  for (const notice of own?.notices ?? []) words.add(`${notice}\n`);
  // Ours, whoever took the event in. Those of other pushes are for their own hooks, and for the runner when those
  // are dead: nobody waits here for a stranger's pipeline.
  const evaluated = await evaluateRuns(
    server,
    runs.map(({ id, draft }) => ({ id, sha: draft.sha })),
    settings,
  );
  const site = settings.ok ? settings.value.config.site : { url: null, dir: null };
  const address = (id: RunId): string =>
    site.url === null
      ? join(site.dir ?? siteOf(server.store), 'runs', id, 'index.html')
      : `${site.url.replace(/\/$/, '')}/runs/${id}/`;
  tellRuns(words, runs, evaluated, address);
  if (isPaused(server.store) && runs.length > 0) words.add('paused: no run starts until quire resume\n');
  const text = words.text();
  if (text !== '') tell(text);
  if (own?.follow) process.stdout.write(runs.map(({ id }) => `${id}\n`).join(''));
  return 'answered';
}

/** The event that the shell part tells us of, its name in a line before it. */
async function eventFromShell(): Promise<Result<InboxEvent, string> | 'not-kept' | 'killed'> {
  const told = readText('/dev/stdin');
  if (!told.ok) return err(sayFileFailure(told.error));
  const end = told.value.indexOf('\n');
  if (end < 0) return 'killed';
  const name = told.value.slice(0, end);
  return name === '.' ? 'not-kept' : understandEvent(name, told.value.slice(end + 1));
}

/** What the event says is certain before anyone may take it. */
function askAhead(objects: Objects, event: InboxEvent): void {
  const lines = parsePushLines(event.stdin);
  for (const line of lines.ok ? lines.value.filter(mayRun).slice(0, mostAhead) : [])
    objects.ahead(line.new, ['.quire', '.quire/ci.fnl']);
}

/** Hooks of pushes at the same time take each other's events; whose push it is tells about it all the same. */
async function takenByAnother(server: Server, event: InboxEvent): Promise<TakenEvent | null> {
  const taken = await takenBefore(server, event);
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
