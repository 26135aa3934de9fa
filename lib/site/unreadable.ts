/**
 * Runs whose records can't be read: what the index says of them, and the page that stands in for theirs.
 *
 * Pure. Must not know: files, markup.
 */
import type { RunId } from '../base/ids.ts';
import type { StoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import type { UnreadableRun } from './documents.ts';
import type { Frame, SiteNames } from './list-pages.ts';
import { cut } from './row.ts';

export type UnreadablePage = Frame & UnreadableRun & { readonly directory: string };

export type UnreadableFailure = Extract<StoreFailure, { reason: 'unreadable' }>;

export const unreadableRun = ({ id, state, file, problem }: UnreadableFailure): UnreadableRun => ({
  id,
  state,
  problem: cut(file === '.' ? problem : `${file}: ${problem}`),
});

/** So many are named; more than a few mean a broken disk, and the terminal names them all. */
const mostNamed = 50;

/** The list after a look at some runs: of those, the ones that could not be read are in it. The newest first. */
export function withUnreadable(
  before: readonly UnreadableRun[],
  looked: ReadonlySet<RunId>,
  found: readonly UnreadableRun[],
): UnreadableRun[] {
  const others = before.filter((run) => !looked.has(run.id));
  return [...found, ...others].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, mostNamed);
}

export const unreadablePage = (names: SiteNames, run: UnreadableRun): UnreadablePage => ({
  ...run,
  siteTitle: names.title,
  root: addresses.rootFrom(addresses.runPage(run.id)),
  title: `Unreadable run ${run.id}`,
  icon: 'quire',
  refresh: null,
  directory: `runs/${run.state}/${run.id}`,
});
