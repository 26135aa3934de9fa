/**
 * The three ways a site is brought up to date: some runs changed, everything anew, some runs are gone.
 *
 * A run's own files come first, then the lists that link to them, then the index. `status.json` is the last file of all,
 * so a site that has one was once whole; one that has none is made anew.
 * Must not know: templates, markup, the lock.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { JobId, RunId } from '../base/ids.ts';
import { runStates } from '../runs/states.ts';
import type { StoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import { knownRows, type Lists, readStatus, rebuildLists, removeOthers, updateLists } from './lists.ts';
import type { Records } from './records.ts';
import type { RenderFailure } from './render.ts';
import { type RunRow, rowOf } from './row.ts';
import { publishRun, type RunFiles } from './run-files.ts';

export type Change = {
  readonly run: RunId;
  /** The jobs of the run that changed; default all. */
  readonly jobs?: ReadonlySet<JobId>;
};

export type SiteFailure = RenderFailure | { readonly reason: 'records'; readonly failure: StoreFailure };

/** What one update works with. */
export type Work = { readonly records: Records; readonly files: RunFiles; readonly lists: Lists };

/** Everything from the records alone. Other work may run between two runs. */
export async function rebuild({ records, files, lists }: Work): Promise<SiteFailure | null> {
  const rows = new Map<RunId, RunRow>();
  const kept = new Set<string>();
  for (const state of runStates) {
    const ids = records.list(state);
    if (!ids.ok) return { reason: 'records', failure: ids.error };
    for (const id of ids.value) {
      const record = await records.read(id);
      if (record.ok) {
        await publishRun(files, record.value, 'all');
        rows.set(id, rowOf(record.value));
      } else if (record.error.reason === 'unreadable') {
        files.unreadable.push(record.error);
      } else if (record.error.reason !== 'not-found') {
        return { reason: 'records', failure: record.error };
      }
      if (record.ok || record.error.reason === 'unreadable') kept.add(id);
      if (files.output.failure !== null) return null;
      await breathe();
    }
  }
  removeOthers(files.output, 'runs', kept);
  rebuildLists(lists, [...rows.values()]);
  return null;
}

/** The pages that show these runs. */
export async function update(work: Work, changes: readonly Change[]): Promise<SiteFailure | null> {
  const { records, files, lists } = work;
  const status = readStatus(files.output);
  if (status === null) return rebuild(work);
  const rows = new Map<RunId, RunRow>();
  const gone: RunId[] = [];
  for (const { run, jobs } of changes) {
    const record = await records.read(run);
    if (record.ok) {
      await publishRun(files, record.value, jobs ?? 'all');
      rows.set(run, rowOf(record.value));
    } else if (record.error.reason === 'not-found') {
      if (files.output.has(addresses.runDirectory(run))) gone.push(run);
    } else if (record.error.reason === 'unreadable') {
      files.unreadable.push(record.error);
    } else {
      return { reason: 'records', failure: record.error };
    }
  }
  if (rows.size > 0) updateLists(lists, status, [...rows.values()]);
  return gone.length > 0 ? forget(work, gone) : null;
}

/** The lists without these runs, then the runs' own pages. Costs as much as there are list pages: cleanup is rare. */
export async function forget(work: Work, ids: readonly RunId[]): Promise<SiteFailure | null> {
  const { files, lists } = work;
  if (readStatus(files.output) === null) return rebuild(work);
  const gone = new Set<string>(ids);
  rebuildLists(
    lists,
    [...knownRows(lists)].filter((row) => !gone.has(row.id)),
  );
  for (const id of ids) files.output.remove(addresses.runDirectory(id));
  return null;
}
