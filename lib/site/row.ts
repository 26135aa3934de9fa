/**
 * What the lists say of one run, and the order they keep: the newest first, a fixed number of them.
 *
 * Rows live in the site's own JSON files, so their keys are the contract's. Must not know: files, markup.
 */
import type { RunId } from '../base/ids.ts';
import type { RunRecord } from '../runs/records.ts';
import { isFinal, type JobState, jobStates, type OutcomeName, type RunState } from '../runs/states.ts';

export type RunRow = {
  readonly number: number;
  readonly id: RunId;
  readonly state: RunState;
  readonly outcome: OutcomeName | null;
  readonly ref: string;
  readonly sha: string;
  readonly subject: string;
  readonly author: string;
  readonly reason: RunRecord['meta']['reason'];
  /** The runs that its page links to, while they are there. */
  readonly rerun_of: RunId | null;
  readonly replaced_by: RunId | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** How many jobs are in each state; empty before evaluation. */
  readonly jobs: Readonly<Partial<Record<JobState, number>>>;
  /** The first few: the one that failed the run, then in registration order. */
  readonly failed_jobs: readonly string[];
};

const mostFailedNames = 4;
const longestText = 300;

/** A subject or author may be megabytes long; a list shows its beginning. */
export const cut = (text: string, most = longestText): string => {
  const characters = text.length > most ? Array.from(text.slice(0, most * 2 + 2)) : null;
  return characters !== null && characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
};

export function rowOf(record: RunRecord): RunRow {
  const { meta, times } = record;
  const jobs: Partial<Record<JobState, number>> = {};
  for (const state of jobStates) {
    const count = record.jobs.filter((job) => job.state === state).length;
    if (count > 0) jobs[state] = count;
  }
  return {
    number: meta.number,
    id: meta.id,
    state: record.state,
    outcome: isFinal(record.state) ? (record.outcome?.outcome ?? null) : null,
    ref: meta.ref,
    sha: meta.sha,
    subject: cut(meta.subject.text),
    author: cut(meta.author.text),
    reason: meta.reason,
    rerun_of: meta.rerunOf,
    replaced_by: record.outcome?.replacedBy ?? null,
    created_at: times.createdAt,
    started_at: times.startedAt,
    finished_at: times.finishedAt,
    jobs,
    failed_jobs: failedFirst(record)
      .slice(0, mostFailedNames)
      .map((id) => cut(id, 100)),
  };
}

/** Some may have been allowed to fail, which no record says of a job; but the outcome names the one that was not. */
function failedFirst({ jobs, outcome }: RunRecord): string[] {
  const failed = jobs.filter((job) => job.state === 'failed').map((job) => job.id);
  const culprit = failed.find((id) => outcome?.error?.startsWith(`job '${id}' failed`));
  return culprit === undefined ? failed : [culprit, ...failed.filter((id) => id !== culprit)];
}

export const newestFirst = (a: RunRow, b: RunRow): number => b.number - a.number || (a.id < b.id ? -1 : 1);

/** The rows with others put in or replaced, newest first, at most `most` of them. */
export function withRows(rows: readonly RunRow[], changed: readonly RunRow[], most: number): RunRow[] {
  const ids = new Set<string>(changed.map((row) => row.id));
  return [...changed, ...rows.filter((row) => !ids.has(row.id))].sort(newestFirst).slice(0, most);
}

/** The newest row of each ref, newest first, at most `most` refs. */
export function newestOfRefs(rows: readonly RunRow[], most: number): RunRow[] {
  const newest = new Map<string, RunRow>();
  for (const row of rows) {
    const known = newest.get(row.ref);
    if (known === undefined || newestFirst(row, known) < 0) newest.set(row.ref, row);
  }
  return [...newest.values()].sort(newestFirst).slice(0, most);
}

/** What a badge says: how the newest run that came to an end on its own ended; null when none has. */
export function verdictOf(rows: readonly RunRow[]): 'complete' | 'failed' | null {
  const judged = rows.find((row) => row.state === 'complete' || row.state === 'failed');
  return judged === undefined ? null : judged.state === 'failed' ? 'failed' : 'complete';
}
