/**
 * The three ways a site is brought up to date: some runs changed, everything anew, some runs are gone.
 *
 * A run's own files come first, then the lists that link to them, then the index. `status.json` is the last file of all,
 * so a site that has one was once whole; one that has none is made anew.
 * Must not know: templates, markup, the lock.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { JobId, RunId } from '../base/ids.ts';
import type { Result } from '../base/result.ts';
import { runStates } from '../runs/states.ts';
import type { StoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import { jsonText, type UnreadableRun } from './documents.ts';
import { knownRows, type Lists, readStatus, rebuildLists, removeOthers, updateLists } from './lists.ts';
import type { Records } from './records.ts';
import type { RenderFailure } from './render.ts';
import { type RunRow, rowOf } from './row.ts';
import { publishRun, publishUnreadable, type RunFiles } from './run-files.ts';
import { unreadableRun, withUnreadable } from './unreadable.ts';

export type Change = {
  readonly run: RunId;
  /** The jobs of the run that changed; default all. */
  readonly jobs?: ReadonlySet<JobId>;
};

export type SiteFailure = RenderFailure | { readonly reason: 'records'; readonly failure: StoreFailure };

export type SiteReport = {
  /** The files whose bytes changed, as addresses from the site's root. */
  readonly written: readonly string[];
  /** What of the records could not be read: the pages say so, or show less. */
  readonly unreadable: readonly StoreFailure[];
};

export type SiteResult = Result<SiteReport, SiteFailure>;

export type Site = {
  /** Brings exactly the pages that show these runs up to date. A site that is not there yet is built whole. */
  update(changes: readonly Change[]): Promise<SiteResult>;
  /** The same, and the pages that the lists link to and that someone removed. Costs a look at every run's page. */
  mend(changes: readonly Change[]): Promise<SiteResult>;
  /** Everything anew from the records; byte for byte what the updates give. */
  rebuild(): Promise<SiteResult>;
  /** Removes the pages of runs whose records are gone. */
  forget(ids: readonly RunId[]): Promise<SiteResult>;
};

/** What one update works with. */
export type Work = { readonly records: Records; readonly files: RunFiles; readonly lists: Lists };

/** Everything from the records alone. Other work may run between two runs. */
export async function rebuild({ records, files, lists }: Work): Promise<SiteFailure | null> {
  const rows = new Map<RunId, RunRow>();
  const broken = new Map<RunId, UnreadableRun>();
  for (const state of runStates) {
    const ids = records.list(state);
    if (!ids.ok) return { reason: 'records', failure: ids.error };
    for (const id of ids.value) {
      const seen = await publish(files, records, id, 'all');
      if (seen.kind === 'failure') return { reason: 'records', failure: seen.failure };
      // A run that moved meanwhile is seen twice: the later look counts, as it does for its page.
      rows.delete(id);
      broken.delete(id);
      if (seen.kind === 'row') rows.set(id, seen.row);
      if (seen.kind === 'unreadable') broken.set(id, seen.run);
      if (files.output.failure !== null) return null;
      await breathe();
    }
  }
  removeOthers(files.output, 'runs', new Set([...rows.keys(), ...broken.keys()]));
  rebuildLists(lists, [...rows.values()], withUnreadable([], new Set(), [...broken.values()]));
  return null;
}

/** The pages that show these runs. */
export async function update(work: Work, changes: readonly Change[]): Promise<SiteFailure | null> {
  const { records, files, lists } = work;
  const status = readStatus(files.output);
  if (status === null) return rebuild(work);
  const rows = new Map<RunId, RunRow>();
  const broken = new Map<RunId, UnreadableRun>();
  const gone: RunId[] = [];
  const lost: RunId[] = [];
  for (const { run, jobs } of changes) {
    const hadRow = files.output.has(addresses.runFile(run));
    const seen = await publish(files, records, run, jobs ?? 'all');
    if (seen.kind === 'row') rows.set(run, seen.row);
    if (seen.kind === 'unreadable') broken.set(run, seen.run);
    if (seen.kind === 'failure') return { reason: 'records', failure: seen.failure };
    if (seen.kind === 'unreadable' && hadRow) lost.push(run);
    if (seen.kind === 'missing' && files.output.has(addresses.runDirectory(run))) gone.push(run);
  }
  const looked = new Set(changes.map(({ run }) => run));
  const unreadable = withUnreadable(status.unreadable, looked, [...broken.values()]);
  const isSame = jsonText(unreadable) === jsonText(status.unreadable);
  if (rows.size > 0 || !isSame) updateLists(lists, status, [...rows.values()], unreadable);
  return gone.length + lost.length > 0 ? withoutRows(work, { gone, lost, unreadable }) : null;
}

/** An update that leaves no link to a run's page that is not there. */
export async function mend(work: Work, changes: readonly Change[]): Promise<SiteFailure | null> {
  const { files, lists } = work;
  const shown = [...knownRows(lists), ...(readStatus(files.output)?.unreadable ?? [])];
  const known = new Set(changes.map(({ run }) => run));
  const lost = shown.filter(({ id }) => !known.has(id) && !files.output.has(addresses.runPage(id)));
  return update(work, [...changes, ...lost.map(({ id }) => ({ run: id }))]);
}

/** The lists without these runs, then the runs' own pages. Costs as much as there are list pages: cleanup is rare. */
export async function forget(work: Work, ids: readonly RunId[]): Promise<SiteFailure | null> {
  const status = readStatus(work.files.output);
  if (status === null) return rebuild(work);
  const unreadable = withUnreadable(status.unreadable, new Set(ids), []);
  return withoutRows(work, { gone: ids, lost: [], unreadable });
}

/** `gone` leave nothing behind, `lost` have a page that says they can't be read. */
type Without = {
  readonly gone: readonly RunId[];
  readonly lost: readonly RunId[];
  readonly unreadable: readonly UnreadableRun[];
};

async function withoutRows(work: Work, { gone, lost, unreadable }: Without): Promise<SiteFailure | null> {
  const { records, files, lists } = work;
  const dropped = new Set<RunId>([...gone, ...lost]);
  const rows = [...knownRows(lists)].filter((row) => !dropped.has(row.id));
  rebuildLists(lists, rows, unreadable);
  for (const id of gone) files.output.remove(addresses.runDirectory(id));
  // A link to what is gone becomes plain text.
  const removed = new Set<RunId>(gone);
  const isLinked = (id: RunId | null): boolean => id !== null && removed.has(id);
  for (const row of rows) {
    if (!isLinked(row.rerun_of) && !isLinked(row.replaced_by)) continue;
    const seen = await publish(files, records, row.id, new Set());
    if (seen.kind === 'failure') return { reason: 'records', failure: seen.failure };
  }
  return null;
}

/** What a look at one run found. */
type Seen =
  | { readonly kind: 'row'; readonly row: RunRow }
  | { readonly kind: 'unreadable'; readonly run: UnreadableRun }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failure'; readonly failure: StoreFailure };

/** Writes a run's own files as its records are now. */
async function publish(
  files: RunFiles,
  records: Records,
  id: RunId,
  jobs: ReadonlySet<JobId> | 'all',
): Promise<Seen> {
  const record = await records.read(id);
  if (record.ok) {
    await publishRun(files, record.value, jobs);
    return { kind: 'row', row: rowOf(record.value) };
  }
  if (record.error.reason === 'not-found') return { kind: 'missing' };
  if (record.error.reason !== 'unreadable') return { kind: 'failure', failure: record.error };
  publishUnreadable(files, record.error);
  return { kind: 'unreadable', run: unreadableRun(record.error) };
}
