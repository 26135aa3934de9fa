/**
 * Turns accepted pushes into pending runs: one for each branch or tag that now stands for a commit with a pipeline.
 *
 * An event's runs have ids made from its name and their line, so intake may die anywhere and be done again.
 * Must not know: evaluation, who works the queue, how the pusher is told.
 */
import { timestamp } from '../base/clock.ts';
import type { RunId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';
import {
  commitTree,
  type GitText,
  mayRun,
  type Objects,
  parsePushLines,
  type RefUpdate,
  refUpdates,
  sayGitFailure,
} from '../git/git.ts';
import type { OutsideText, Owner } from '../runs/records.ts';
import {
  dropEvents,
  type InboxEvent,
  inQueue,
  keepForMirrors,
  publish,
  type Queue,
  type RunDraft,
  readMeta,
  runIdOf,
  sayStoreFailure,
  takeEvents,
} from '../store/store.ts';
import { badVariableName } from './environment.ts';
import type { Server } from './server.ts';
import type { IntakeSettings } from './settings.ts';

export type TakenRun = {
  readonly id: RunId;
  readonly number: number;
  /** False when an earlier intake of the same event made it. */
  readonly isNew: boolean;
  readonly draft: RunDraft;
};

/** What became of one push. */
export type TakenEvent = {
  /** The event's. */
  readonly name: string;
  /** In the order of the push's lines. */
  readonly runs: readonly TakenRun[];
  /** What the pusher should hear: why there is no run, what was refused. */
  readonly notices: readonly string[];
  /** Whether the pusher asked to follow the runs. */
  readonly follow: boolean;
};

export type Intake = {
  /** In order of arrival. */
  readonly events: readonly TakenEvent[];
  /** Whether an event was left to the hook that is on its way to take it. */
  readonly isLeft: boolean;
};

export type IntakeOptions = IntakeSettings & {
  /** Who evaluates the new runs right after; null leaves it to the runner. */
  readonly evaluator: Owner | null;
  /** Events younger than this are left to their own hook, which evaluates and tells the pusher. */
  readonly patienceMs: number;
};

/** What an event asks for beyond its updates. */
type Wishes = {
  readonly skip: boolean;
  readonly follow: boolean;
  readonly variables: Readonly<Record<string, string>>;
  readonly refused: readonly string[];
};

/**
 * Takes all waiting events in name order, under the queue lock. Each event is dropped only after its runs are
 * published: a death in between makes the same runs again, which are then there already. An event whose objects
 * git can't read now stays for the next intake, and so do those after it.
 */
export async function takeIn(server: Server, options: IntakeOptions): Promise<Result<Intake, string>> {
  const done = await inQueue(server.store, (queue) =>
    server.withObjects(async (objects) => ok(await takeAll(server, queue, objects, options))),
  );
  return done.ok ? done.value : err(sayStoreFailure(done.error));
}

async function takeAll(
  server: Server,
  queue: Queue,
  objects: Objects,
  options: IntakeOptions,
): Promise<Result<Intake, string>> {
  const taken = await takeEvents(queue);
  if (!taken.ok) return err(sayStoreFailure(taken.error));
  for (const { name, problem, setAside } of taken.value.bad) {
    const became = setAside ? 'was moved to inbox/bad' : 'stays in the inbox';
    server.say(`the event ${visible(name)} can't be read and ${became}: ${problem}`);
  }
  const events: TakenEvent[] = [];
  for (const event of taken.value.events) {
    // In name order, so what is younger than this one waits with it. A clock that jumped back makes nobody wait.
    const age = server.clock() - event.at;
    if (age >= 0 && age < options.patienceMs) return ok({ events, isLeft: true });
    const read = await draftsOf(server, objects, event, options.evaluator);
    if (!read.ok) return err(`the push ${event.name} waits in the inbox: ${read.error}`);
    const { drafts, notices, wishes } = read.value;
    const published = await publish(queue, drafts, { replace: options.replace });
    if (!published.ok) return err(sayStoreFailure(published.error));
    const runs = published.value.runs.flatMap((run, at) => {
      const draft = drafts[at];
      return draft === undefined ? [] : [{ ...run, draft }];
    });
    events.push({ name: event.name, runs, notices, follow: wishes.follow && runs.length > 0 });
    const forMirrors = options.mirrors && updatesRefs(event);
    const dropped = forMirrors ? keepForMirrors(queue, event) : dropEvents(queue, [event]);
    if (!dropped.ok) return err(sayStoreFailure(dropped.error));
  }
  return ok({ events, isLeft: false });
}

/** Whether a push made or moved a branch or a tag: what mirrors want, with or without a pipeline. */
function updatesRefs(event: InboxEvent): boolean {
  const lines = parsePushLines(event.stdin);
  return lines.ok && lines.value.some(mayRun);
}

/** What became of a push that somebody else took in: the same as if we had, but for numbers already given. */
export async function takenBefore(server: Server, event: InboxEvent): Promise<Result<TakenEvent, string>> {
  const read = await server.withObjects((objects) => draftsOf(server, objects, event, null));
  if (!read.ok) return read;
  const { drafts, notices, wishes } = read.value;
  const runs: TakenRun[] = [];
  for (const draft of drafts) {
    const meta = await readMeta(server.store, draft.id);
    if (meta.ok) runs.push({ id: draft.id, number: meta.value.number, isNew: false, draft });
  }
  return ok({ name: event.name, runs, notices, follow: wishes.follow && runs.length > 0 });
}

type Drafts = {
  readonly drafts: readonly RunDraft[];
  readonly notices: readonly string[];
  readonly wishes: Wishes;
};

async function draftsOf(
  server: Server,
  objects: Objects,
  event: InboxEvent,
  evaluator: Owner | null,
): Promise<Result<Drafts, string>> {
  const wishes = wishesOf(event.options);
  const notices = [...wishes.refused];
  const lines = parsePushLines(event.stdin);
  if (!lines.ok) {
    notices.push(`line ${lines.error.line} of the push can't be read; it makes no runs`);
    return ok({ drafts: [], notices, wishes });
  }
  const updates = await refUpdates(objects, lines.value);
  if (!updates.ok) return err(sayGitFailure(updates.error));
  const drafts: RunDraft[] = [];
  for (const update of updates.value) {
    const { commit, ref } = update;
    const has = await hasPipeline(objects, update);
    if (!has.ok) return has;
    const skip = wishes.skip || /\[(skip ci|ci skip)\]/.test(commit.subject.text);
    if (!has.value) notices.push(`${visible(ref)}: no run, ${commit.sha.slice(0, 7)} has no .quire/ci.fnl`);
    else if (skip)
      notices.push(`${visible(ref)}: no run, as asked (${wishes.skip ? 'ci.skip' : '[skip ci]'})`);
    else drafts.push(draftOf(server, event, update, wishes, evaluator));
  }
  return ok({ drafts, notices, wishes });
}

/** Whether there is anything to evaluate; also what is no regular file, whose diagnostic a run has to carry. */
async function hasPipeline(objects: Objects, { commit }: RefUpdate): Promise<Result<boolean, string>> {
  const tree = commitTree(objects, commit.sha);
  for (const path of ['.quire/ci.fnl', '.quire/ci.lua']) {
    const kind = await tree.kind(path);
    if (!kind.ok) return err(sayGitFailure(kind.error));
    if (kind.value !== null) return ok(true);
  }
  return ok(false);
}

const outside = ({ text, bytes }: GitText): OutsideText => ({ text, bytes });

function draftOf(
  server: Server,
  event: InboxEvent,
  update: RefUpdate,
  wishes: Wishes,
  evaluator: Owner | null,
): RunDraft {
  return {
    id: runIdOf(event, update.position),
    repo: server.repo,
    ref: update.ref,
    refBytes: update.refBytes,
    sha: update.commit.sha,
    oldSha: update.oldSha,
    pushedAt: timestamp(event.at),
    pusher: event.pusher,
    author: outside(update.commit.author),
    subject: outside(update.commit.subject),
    reason: 'push',
    rerunOf: null,
    variables: wishes.variables,
    evaluator,
    takeOver: null,
  };
}

/** The push options, one a line. Those that are not quire's belong to somebody else. */
function wishesOf(options: Buffer): Wishes {
  const variables: Record<string, string> = {};
  const refused: string[] = [];
  let skip = false;
  let follow = false;
  for (const option of options.toString().split('\n')) {
    if (option === 'ci.skip') skip = true;
    else if (option === 'ci.follow') follow = true;
    else if (option.startsWith('ci.variable=')) {
      const assignment = parseVariable(option.slice('ci.variable='.length));
      if (assignment.ok) variables[assignment.value.name] = assignment.value.value;
      else refused.push(`${visible(option)} is refused: ${assignment.error}`);
    } else if (option.startsWith('ci.')) {
      refused.push(
        `${visible(option)} is no push option of quire: ci.skip, ci.follow, ci.variable=NAME=VALUE`,
      );
    }
  }
  return { skip, follow, variables, refused };
}

/** `NAME=VALUE`, or why it may not be set: one sentence without the assignment. */
export function parseVariable(text: string): Result<{ name: string; value: string }, string> {
  const equals = text.indexOf('=');
  if (equals < 0) return err('write it as NAME=VALUE');
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const bad = badVariableName(name);
  if (bad === 'reserved') return err('names that begin with QUIRE_ are kept for quire');
  if (bad === 'not-an-identifier')
    return err(`'${visible(name)}' is no variable name (letters, digits and _)`);
  if (value.includes('\0')) return err('a value must not hold a NUL character');
  return ok({ name, value });
}
