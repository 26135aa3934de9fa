/**
 * Everything that shows more than one run: the list pages, the refs' pages, the index, badges and feed.
 *
 * Beside each page lies a small JSON file with its rows, so that one changed run costs the same among ten runs as among a
 * hundred thousand: its own row is read from the records, its neighbours' from those files. Losing them loses nothing.
 * Must not know: records, logs.
 */
import * as addresses from './addresses.ts';
import type { UnreadableRun } from './documents.ts';
import { jsonText, mostRefs, type RunList, type Status } from './documents.ts';
import { badgeOf, feedOf, indexPage, listPage, refPage, type SiteNames } from './list-pages.ts';
import type { Output } from './output.ts';
import type { Models } from './render.ts';
import { newestFirst, newestOfRefs, type RunRow, verdictOf, withRows } from './row.ts';

/** Renders a page and writes it. */
export type PutPage = <Name extends keyof Models>(address: string, name: Name, model: Models[Name]) => void;

export type Lists = {
  readonly output: Output;
  readonly put: PutPage;
  readonly names: SiteNames;
  /** The ref whose runs decide what the whole site's badge says; null: any. */
  readonly mainRef: string | null;
};

/** A JSON file of the site's own; null when it is missing or is not what this version writes. */
function readOwn<T extends RunList | Status>(output: Output, address: string): T | null {
  const bytes = output.read(address);
  if (bytes === null) return null;
  const value = parsed(bytes.toString('utf8')) as Partial<T> | null;
  return value?.format === 1 && Array.isArray(value.runs) ? (value as T) : null;
}

/** These files are written whole by this code, so anything that is not JSON was damaged from outside. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function readStatus(output: Output): Status | null {
  const status = readOwn<Status>(output, addresses.statusFile);
  return Array.isArray(status?.unreadable) ? status : null;
}

const readRows = (lists: Lists, address: string): RunList | null => readOwn<RunList>(lists.output, address);

/** Puts changed runs into every list that shows them. `status` is what the site said before; `unreadable` is told anew. */
export function updateLists(
  lists: Lists,
  status: Status,
  rows: readonly RunRow[],
  unreadable: readonly UnreadableRun[],
): void {
  const latest = Math.max(status.latest, ...rows.map((row) => row.number));
  updatePages(lists, status.latest, latest, rows);
  for (const [file, mine] of grouped(rows, (row) => addresses.refFile(row.ref))) {
    const list = readRows(lists, file);
    const merged = withRows(list?.runs ?? [], mine, Number.POSITIVE_INFINITY);
    writeRef(lists, merged, list?.more === true);
  }
  const runs = withRows(status.runs, rows, addresses.runsPerPage);
  const changed = new Set<string>(rows.map((row) => row.id));
  const refs = newestOfRefs([...rows, ...status.refs.filter((row) => !changed.has(row.id))], mostRefs);
  writeFront(lists, { latest, runs, refs, unreadable });
}

/**
 * The list pages that hold the rows. Pages are there without a gap from the one with the oldest run to the one after the
 * newest full one; so a page that becomes the first of its kind makes its neighbours, and tells the one above of itself.
 */
function updatePages(lists: Lists, latestBefore: number, latest: number, rows: readonly RunRow[]): void {
  const pages = new Map<number, RunRow[]>();
  const page = (number: number): RunRow[] => {
    const known = pages.get(number) ?? [...(readRows(lists, addresses.listFile(number))?.runs ?? [])];
    pages.set(number, known);
    return known;
  };
  for (const [number, mine] of grouped(rows, (row) => addresses.pageOf(row.number))) {
    pages.set(number, withRows(page(number), mine, addresses.runsPerPage));
  }
  const last = addresses.newestPage(latest);
  if (latest > latestBefore) {
    for (let number = addresses.newestPage(latestBefore); number <= last; number += 1) page(number);
  }
  for (const number of [...pages.keys()]) {
    if (lists.output.has(addresses.listFile(number))) continue;
    for (let above = number + 1; above <= last && !pages.has(above); above += 1) {
      page(above);
      if (lists.output.has(addresses.listFile(above))) break;
    }
  }
  const exists = (number: number): boolean =>
    number >= 1 && (pages.has(number) || lists.output.has(addresses.listFile(number)));
  for (const [number, runs] of pages) writePage(lists, number, runs, { older: exists(number - 1), latest });
}

function writePage(
  lists: Lists,
  page: number,
  runs: readonly RunRow[],
  around: { readonly older: boolean; readonly latest: number },
): void {
  const full = around.latest >= page * addresses.runsPerPage;
  const list: RunList = { format: 1, runs };
  lists.output.write(addresses.listFile(page), jsonText(list));
  lists.put(
    addresses.listPage(page),
    'list',
    listPage(lists.names, page, list, { older: around.older, full }),
  );
}

/** A page is named by its slug, and the branch `tags/v1` has that of the tag `v1`: the two share it, the newest run names it. */
function writeRef(lists: Lists, rows: readonly RunRow[], more: boolean): void {
  const runs = rows.slice(0, addresses.runsPerPage);
  const ref = runs[0]?.ref;
  if (ref === undefined) return;
  const list: RunList = { format: 1, ref, more: more || rows.length > runs.length, runs };
  lists.output.write(addresses.refFile(ref), jsonText(list));
  const page = refPage(lists.names, ref, list);
  lists.put(addresses.refPage(ref), 'ref', page);
  lists.put(addresses.refBadge(ref), 'badge', badgeOf(page.ref, runs));
}

/** The index and what stands beside it. Comes last: it links to all others. */
function writeFront(lists: Lists, front: Pick<Status, 'latest' | 'runs' | 'refs' | 'unreadable'>): void {
  const main = lists.mainRef === null ? null : readRows(lists, addresses.refFile(lists.mainRef));
  const judged = main?.runs ?? front.runs;
  const status: Status = {
    format: 1,
    title: lists.names.title,
    verdict: verdictOf(judged),
    latest: front.latest,
    refs: front.refs,
    runs: front.runs,
    older_page: olderPage(lists, front.runs),
    unreadable: front.unreadable,
  };
  lists.put(addresses.badgeFile, 'badge', badgeOf(lists.names.title, judged));
  lists.put(addresses.feedFile, 'feed', feedOf(lists.names, status));
  lists.put(addresses.indexPage, 'index', indexPage(status));
  lists.output.write(addresses.statusFile, jsonText(status));
}

/** The list page with the runs before the oldest that the index shows. */
function olderPage(lists: Lists, runs: readonly RunRow[]): number | null {
  const oldest = runs[runs.length - 1];
  if (oldest === undefined || runs.length < addresses.runsPerPage) return null;
  const page = addresses.pageOf(oldest.number);
  const rows = readRows(lists, addresses.listFile(page))?.runs ?? [];
  if (rows.some((row) => row.number < oldest.number)) return page;
  return lists.output.has(addresses.listFile(page - 1)) ? page - 1 : null;
}

/** All lists from all rows there are; what belongs to none of them is removed. */
export function rebuildLists(
  lists: Lists,
  rows: readonly RunRow[],
  unreadable: readonly UnreadableRun[],
): void {
  const sorted = [...rows].sort(newestFirst);
  const latest = sorted[0]?.number ?? 0;
  const lowest = addresses.pageOf(sorted[sorted.length - 1]?.number ?? 1);
  const pages = grouped(sorted, (row) => addresses.pageOf(row.number));
  const kept = new Set<string>();
  for (let page = lowest; page <= addresses.newestPage(latest); page += 1) {
    writePage(lists, page, pages.get(page) ?? [], { older: page > lowest, latest });
    kept.add(`${page}.html`).add(`${page}.json`);
  }
  removeOthers(lists.output, 'page', kept);
  const refs = grouped(sorted, (row) => addresses.refDirectory(row.ref));
  for (const runs of refs.values()) writeRef(lists, runs, false);
  removeOthers(
    lists.output,
    'refs',
    new Set([...refs.keys()].map((directory) => directory.slice('refs/'.length))),
  );
  writeFront(lists, {
    latest,
    runs: sorted.slice(0, addresses.runsPerPage),
    refs: newestOfRefs(sorted, mostRefs),
    unreadable,
  });
}

function grouped<Key>(rows: readonly RunRow[], keyOf: (row: RunRow) => Key): Map<Key, RunRow[]> {
  const groups = new Map<Key, RunRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** Removes what lies in a directory of the site and belongs to nothing that is shown. */
export function removeOthers(output: Output, directory: string, kept: ReadonlySet<string>): void {
  for (const name of output.names(directory)) {
    if (!kept.has(name)) output.remove(`${directory}/${name}`);
  }
}

/** Every row that the list pages hold. */
export function* knownRows(lists: Lists): Generator<RunRow> {
  for (const name of lists.output.names('page')) {
    if (name.endsWith('.json')) yield* readRows(lists, `page/${name}`)?.runs ?? [];
  }
}
