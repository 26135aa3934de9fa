/**
 * Runs for the site's tests: records in memory, and a site over them in a directory of its own.
 *
 * Must not know: how records lie on a disk.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type Timestamp, timestamp } from '../../lib/base/clock.ts';
import { type JobId, type RefName, type RunId, runId, type Sha } from '../../lib/base/ids.ts';
import type { Plain } from '../../lib/base/plain.ts';
import { err, ok } from '../../lib/base/result.ts';
import type { DiagnosticLine, JobLine, JobRecord, LogEntry, RunRecord } from '../../lib/runs/records.ts';
import { isFinal, type JobState, type OutcomeName, type RunState, stateOf } from '../../lib/runs/states.ts';
import type { LogSource } from '../../lib/site/log-files.ts';
import { createSite, type Records, type Site, type SiteOptions } from '../../lib/site/site.ts';

const day = Date.parse('2026-11-20T09:00:00.000Z');

/** `seconds` after the fixtures' first moment. */
export const at = (seconds: number): Timestamp => timestamp(day + Math.round(seconds * 1000));

export const idOf = (number: number): RunId => runId(day + number * 1000, `fixture ${number}`);

export type JobSketch = {
  readonly id: string;
  readonly inputs?: readonly string[];
  readonly state?: JobState;
  readonly reason?: string | null;
  readonly error?: string | null;
  readonly from?: number;
  readonly until?: number | null;
  readonly attempt?: number;
  readonly exit?: number | null;
};

export type RunSketch = {
  readonly number: number;
  readonly state?: 'pending' | 'active';
  readonly outcome?: OutcomeName;
  readonly ref?: string;
  readonly subject?: string;
  readonly author?: string;
  readonly seconds?: number;
  readonly jobs?: readonly JobSketch[];
  readonly diagnostics?: readonly DiagnosticLine[];
  readonly error?: string | null;
  readonly rerunOf?: RunId | null;
  readonly replacedBy?: RunId | null;
  readonly variables?: Readonly<Record<string, string>>;
  readonly image?: string | null;
};

/** A whole record from the few things a test is about; complete, unless told otherwise. */
export function run(sketch: RunSketch): RunRecord {
  const { number } = sketch;
  const outcome = sketch.outcome ?? 'succeeded';
  const state: RunState = sketch.state ?? stateOf(outcome);
  const start = number * 600;
  const jobs = (sketch.jobs ?? [{ id: 'build' }]).map((job) => jobRecord(job, start, state));
  const sha = Array.from({ length: 40 }, (_, index) => ((number * 7 + index * 3) % 16).toString(16)).join('');
  return {
    state,
    meta: {
      id: idOf(number),
      number,
      repo: 'widgets',
      ref: (sketch.ref ?? 'refs/heads/main') as RefName,
      refBytes: null,
      sha: sha as Sha,
      oldSha: null,
      pushedAt: at(start - 1),
      pusher: { text: 'git', bytes: null },
      author: { text: sketch.author ?? 'Ada Lovelace <ada@example.org>', bytes: null },
      subject: { text: sketch.subject ?? `Change number ${number}`, bytes: null },
      reason: sketch.rerunOf == null ? 'push' : 'rerun',
      rerunOf: sketch.rerunOf ?? null,
      variables: sketch.variables ?? {},
    },
    times: {
      createdAt: at(start),
      startedAt: state === 'pending' ? null : at(start + 1),
      finishedAt: isFinal(state) ? at(start + 1 + (sketch.seconds ?? 60)) : null,
    },
    owner: null,
    pipeline:
      sketch.diagnostics !== undefined
        ? { kind: 'diagnostics', diagnostics: sketch.diagnostics }
        : {
            kind: 'jobs',
            image: sketch.image ?? null,
            jobs: (sketch.jobs ?? [{ id: 'build' }]).map(jobLine),
          },
    outcome: isFinal(state)
      ? { outcome, error: sketch.error ?? null, replacedBy: sketch.replacedBy ?? null }
      : null,
    container: null,
    jobs: sketch.diagnostics === undefined ? jobs : [],
  };
}

const jobLine = (job: JobSketch, index: number): JobLine => ({
  id: job.id as JobId,
  inputs: job.inputs ?? ['quire/push'],
  file: '.quire/ci.fnl',
  line: index + 3,
});

function jobRecord(job: JobSketch, start: number, runState: RunState): JobRecord {
  const state = job.state ?? (runState === 'pending' ? 'pending' : 'complete');
  const ran = state !== 'pending' && state !== 'skipped';
  const over = state !== 'active' && state !== 'pending';
  return {
    id: job.id as JobId,
    state,
    reason: job.reason ?? null,
    startedAt: ran ? at(start + 1 + (job.from ?? 0)) : null,
    finishedAt: ran && over ? at(start + 1 + (job.until ?? 60)) : null,
    exit: job.exit ?? (ran && over ? (state === 'failed' ? 1 : 0) : null),
    attempt: job.attempt ?? 1,
    error: job.error ?? null,
  };
}

const logKey = (id: RunId, job: string | null): string => `${id} ${job ?? ''}`;

/** Records in memory that can be changed as a runner would change them. */
export type Desk = Records & {
  put(record: RunRecord): RunId;
  drop(id: RunId): void;
  say(id: RunId, job: string | null, entries: readonly LogEntry[]): void;
  /** Damages the record of a run; what it was of stays known only to the site. */
  damage(id: RunId, problem: string): void;
  returns(id: RunId, job: string, outputs: Plain): void;
  /** How many records were read. */
  reads: number;
};

export function desk(): Desk {
  const runs = new Map<RunId, RunRecord>();
  const logs = new Map<string, LogEntry[]>();
  const damaged = new Map<RunId, string>();
  const outputs = new Map<string, Plain>();
  const records: Desk = {
    reads: 0,
    put: (record) => {
      runs.set(record.meta.id, record);
      damaged.delete(record.meta.id);
      return record.meta.id;
    },
    drop: (id) => {
      runs.delete(id);
    },
    say: (id, job, entries) => {
      const key = logKey(id, job);
      logs.set(key, [...(logs.get(key) ?? []), ...entries]);
    },
    damage: (id, problem) => {
      damaged.set(id, problem);
    },
    returns: (id, job, value) => {
      outputs.set(logKey(id, job), value);
    },
    list: (state) => ok([...runs.values()].filter((one) => one.state === state).map((one) => one.meta.id)),
    read: async (id) => {
      records.reads += 1;
      const record = runs.get(id);
      const problem = damaged.get(id);
      if (record !== undefined && problem !== undefined) {
        return err({ reason: 'unreadable', id, state: record.state, file: 'meta.yml', problem });
      }
      return record === undefined ? { ok: false, error: { reason: 'not-found', word: id } } : ok(record);
    },
    has: (id) => runs.has(id),
    outputs: async (id, job) => ok(outputs.get(logKey(id, job)) ?? null),
    log: (id, job) => (from) => logFrom(logs.get(logKey(id, job)) ?? [], from),
  };
  return records;
}

function logFrom(entries: readonly LogEntry[], from: number): ReturnType<LogSource> {
  const reading = {
    offset: from,
    failure: null,
    *[Symbol.iterator]() {
      while (reading.offset < entries.length) {
        const entry = entries[reading.offset];
        reading.offset += 1;
        if (entry !== undefined) yield entry;
      }
    },
  };
  return reading;
}

export const command = (sh: number, cmd: string, seconds = 0): LogEntry => ({
  kind: 'command',
  sh,
  cmd,
  at: at(seconds),
});
export const output = (text: string | Uint8Array, stream: 'out' | 'err' = 'out', t = 1): LogEntry => ({
  kind: 'output',
  stream,
  bytes: typeof text === 'string' ? Buffer.from(text) : text,
  t,
});
export const exit = (code: number, t = 1200): LogEntry => ({ kind: 'exit', exit: code, signal: null, t });
export const note = (text: string): LogEntry => ({ kind: 'note', text, at: at(0) });

const root = path.join(import.meta.dirname, '..', '..');

export type Place = {
  readonly target: string;
  readonly site: Site;
  readonly records: Desk;
  /** The text of a page, empty when there is none. */
  page(address: string): string;
  /** Every file of the site with its content, by address. */
  all(): Map<string, string>;
};

export const newTarget = (): string =>
  path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'quire-site-')), 'site');

/** A site over fresh records in a fresh directory. */
export function place(options: Partial<SiteOptions> = {}, records = desk()): Place {
  const target = options.target ?? newTarget();
  const site = createSite({
    records,
    templates: path.join(root, 'templates'),
    assets: path.join(root, 'site'),
    target,
    title: 'widgets',
    ...options,
  });
  return {
    target,
    site,
    records,
    page: (address) => {
      const file = path.join(target, address);
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    },
    all: () => filesUnder(target),
  };
}

export function filesUnder(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(directory, file), fs.readFileSync(file, 'latin1'));
  }
  return files;
}

export const tidy = (target: string): void =>
  fs.rmSync(path.dirname(target), { recursive: true, force: true });
