/**
 * The spool: pushes that the hook's shell script left, in the order of their names.
 *
 * Must not know: what a push line means, or which of them make runs.
 */
import { join } from 'node:path';
import { parseTimestamp } from '../base/clock.ts';
import { listEntries, readText, remove, rename } from '../base/files.ts';
import { type RunId, runId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { OutsideText } from '../runs/records.ts';
import { io, type StoreResult } from './failures.ts';
import { badInboxOf, inboxOf, type Store } from './layout.ts';
import type { Queue } from './proofs.ts';
import { parseEvent } from './records.ts';
import { reading } from './yaml.ts';

export type InboxEvent = {
  /** The file's name: with a position in the push it makes a run's id. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pusher: OutsideText;
  /** The lines that git gave the hook. */
  readonly stdin: Buffer;
  /** The push options, one a line. */
  readonly options: Buffer;
};

export type BadEvent = {
  readonly name: string;
  readonly problem: string;
  /** False when only the machine's trouble kept it from being read: it stays and is tried again. */
  readonly setAside: boolean;
};
export type Inbox = { readonly events: InboxEvent[]; readonly bad: BadEvent[] };

/**
 * The events that wait. One that can't be understood is set aside in `inbox/bad/` and named; one that the
 * machine does not give (another user's file, a failing disk) is named too, and stays for the next time.
 */
export async function readInbox(store: Store): Promise<StoreResult<Inbox>> {
  const entries = listEntries(inboxOf(store));
  if (!entries.ok)
    return entries.error.reason === 'missing' ? ok({ events: [], bad: [] }) : io(entries.error);
  const names = entries.value
    .filter(({ name, kind }) => !name.startsWith('.') && kind !== 'directory')
    .map(({ name }) => name)
    .sort();
  const events: InboxEvent[] = [];
  const bad: BadEvent[] = [];
  for (const name of names) {
    const text = readText(join(inboxOf(store), name));
    if (!text.ok) {
      if (text.error.reason === 'missing') continue;
      bad.push({ name, problem: `it can't be read now: ${text.error.code}`, setAside: false });
      continue;
    }
    const event = await understandEvent(name, text.value);
    if (event.ok) {
      events.push(event.value);
      continue;
    }
    bad.push({ name, problem: event.error, setAside: true });
    const aside = rename(join(inboxOf(store), name), join(badInboxOf(store), name));
    if (!aside.ok && aside.error.reason !== 'missing') return io(aside.error);
  }
  return ok({ events, bad });
}

/** An event by its file's name and text, or why it is none. */
export async function understandEvent(name: string, text: string): Promise<Result<InboxEvent, string>> {
  if (!/^[^\s]+\.yml$/.test(name)) return err('its name is not <time>-<random>.yml');
  const event = await reading(() => parseEvent(text));
  if (!event.ok) return event;
  const at = parseTimestamp(event.value.at ?? '') ?? timeOfName(name);
  if (at === null) return err("'at' is not a time");
  return ok({ ...event.value, pusher: asWritten(event.value.pusher), name, at });
}

/** The hook quotes only what is safe and gives any other name as bytes: it is text after all when those are UTF-8. */
function asWritten({ text, bytes }: OutsideText): OutsideText {
  if (bytes === null) return { text, bytes };
  const name = Buffer.from(bytes).toString('utf8');
  return Buffer.from(name).equals(bytes) ? { text: name, bytes: null } : { text: name, bytes };
}

/** The nanoseconds an event's name begins with, as milliseconds. */
function timeOfName(name: string): number | null {
  const match = /^(\d{13})\d{6}-/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** The run that a line of an event makes: the same one however often the event is taken in. */
export const runIdOf = (event: InboxEvent, position: number): RunId =>
  runId(event.at, `${event.name}:${position}`);

/**
 * Forgets events whose runs are published. A death before it: they are taken in once more, and every run is
 * there already. So it is after a power loss, which is why nobody waits for the disk here: see `removeRun`.
 */
export function dropEvents({ store }: Queue, events: readonly InboxEvent[]): StoreResult<void> {
  for (const { name } of events) {
    const gone = remove(join(inboxOf(store), name));
    if (!gone.ok) return io(gone.error);
  }
  return ok(undefined);
}

/** The names of events that were set aside, for those who tell the operator. */
export function badEvents(store: Store): string[] {
  const entries = listEntries(badInboxOf(store));
  return entries.ok
    ? entries.value
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('.'))
        .sort()
    : [];
}
