/**
 * Somebody who reads all records all the time, beside processes that write them and are killed.
 *
 * Every record must parse whenever it is there, no run may be missing in two looks, no run may go back to an earlier
 * state, and no stamp that was once there may change.
 * Must not know: quire; only where the contract says its files are.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'yaml';

export const states = ['pending', 'active', 'complete', 'failed', 'replaced', 'canceled'] as const;
export type State = (typeof states)[number];

const isFinal = (state: State): boolean => state !== 'pending' && state !== 'active';

/** The states of all runs, listed in the contract's order; the later one of a run that is seen twice. */
export function listStates(data: string): Map<string, State> {
  const found = new Map<string, State>();
  for (const state of states)
    for (const id of fs.readdirSync(join(data, 'runs', state))) if (!id.startsWith('.')) found.set(id, state);
  return found;
}

/** The whole lines of a log, parsed; a torn last line is nobody's. */
export function readLog(path: string): unknown[] {
  const lines = fs.readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => {
    if (!line.startsWith('- ')) throw new Error(`no entry: ${line.slice(0, 80)}`);
    return JSON.parse(line.slice(2));
  });
}

export class Reader {
  readonly #data: string;
  readonly #violations: string[];
  #stopped = false;
  #done: Promise<void> = Promise.resolve();
  #known = new Map<string, State>();
  #missing = new Set<string>();
  readonly #stamps = new Map<string, unknown>();
  looks = 0;

  constructor(data: string, violations: string[]) {
    this.#data = data;
    this.#violations = violations;
  }

  start(): void {
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      this.#look();
      this.looks += 1;
      await pause(5);
    }
  }

  #look(): void {
    const now = listStates(this.#data);
    const missing = [...this.#known.keys()].filter((id) => !now.has(id));
    for (const id of missing)
      if (this.#missing.has(id)) this.#violations.push(`run ${id} was missing in two looks`);
    this.#missing = new Set(missing);
    for (const [id, state] of now) {
      const before = this.#known.get(id);
      if (before !== undefined && states.indexOf(before) > states.indexOf(state))
        this.#violations.push(`run ${id} went from ${before} to ${state}`);
      // What is over and was read once after its end does not change any more.
      if (before === undefined || !isFinal(before)) this.#read(id, state);
      this.#known.set(id, state);
    }
  }

  #read(id: string, state: State): void {
    const directory = join(this.#data, 'runs', state, id);
    this.#one(directory, 'meta.yml');
    const times = this.#one(directory, 'times.yml');
    for (const [stamp, at] of Object.entries(times ?? {})) {
      if (at === null) continue;
      const key = `${id} ${stamp}`;
      if (this.#stamps.has(key) && this.#stamps.get(key) !== at)
        this.#violations.push(`${key} was ${this.#stamps.get(key)} and is ${at}`);
      this.#stamps.set(key, at);
    }
    const pipeline = this.#one(directory, 'pipeline.yml', true);
    this.#one(directory, 'owner.yml', true);
    this.#one(directory, 'outcome.yml', true);
    for (const { id: job } of (pipeline?.jobs ?? []) as { id: string }[]) {
      this.#one(directory, `jobs/${job}/job.yml`, true);
      this.#attempt(join(directory, 'jobs', job, 'log.yml'), readLog, true);
    }
  }

  #one(directory: string, file: string, optional = false): Record<string, unknown> | null {
    const read = (path: string): Record<string, unknown> => {
      const record = parse(fs.readFileSync(path, 'utf8'), { schema: 'core' });
      if (typeof record !== 'object' || record === null) throw new Error('no record');
      return record;
    };
    return this.#attempt(join(directory, file), read, optional);
  }

  /** What is missing because its run moved away is no violation; what is there and no record is. */
  #attempt<T>(path: string, read: (path: string) => T, optional: boolean): T | null {
    try {
      return read(path);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const run = path.split('/').slice(0, this.#data.split('/').length + 3);
      const moved = !fs.existsSync(run.join('/'));
      if (!moved && !(isMissing && optional)) this.#violations.push(`${path}: ${error}`);
      return null;
    }
  }
}
