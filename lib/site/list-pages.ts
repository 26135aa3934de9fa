/**
 * What the index, the list pages, a ref's page, the badges and the feed show, from rows alone.
 *
 * Pure. Must not know: records, files, markup.
 */
import { sha256Hex, shortRef, shortSha } from '../base/ids.ts';
import { counted, showDuration } from '../base/text.ts';
import * as addresses from './addresses.ts';
import type { RunList, Status, UnreadableRun } from './documents.ts';
import { cut, type RunRow, verdictOf } from './row.ts';
import {
  type AnyState,
  between,
  type Moment,
  momentOf,
  nameOf,
  type Span,
  sayList,
  sayOutcome,
  spanOf,
} from './words.ts';

/** What every page needs for its frame. */
export type Frame = {
  readonly siteTitle: string;
  /** Leads to the site's root: `../../`, or empty. */
  readonly root: string;
  readonly title: string;
  /** The state the tab's icon shows. */
  readonly icon: AnyState | 'quire';
  /** Seconds after which the page looks for a newer self; null when it is final. */
  readonly refresh: number | null;
};

export type RowView = {
  readonly href: string;
  readonly number: number;
  readonly state: AnyState;
  readonly subject: string;
  readonly ref: string;
  readonly refHref: string;
  readonly sha: string;
  readonly shortSha: string;
  readonly author: string;
  readonly rerun: boolean;
  /** Why it failed, or how far it is; empty when there is nothing to add. */
  readonly detail: string;
  readonly took: Span;
  readonly at: Moment;
};

export type TrendBar = {
  readonly href: string;
  readonly state: AnyState;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly height: number;
};

export type Trend = {
  readonly bars: readonly TrendBar[];
  readonly width: number;
  readonly height: number;
  readonly barWidth: number;
  /** `41 of 50 complete · usually 1 min 3 s`. */
  readonly summary: string;
};

export type RefView = {
  readonly name: string;
  readonly href: string;
  readonly state: AnyState;
  /** Its newest run. */
  readonly number: number;
  readonly runHref: string;
};

export type IndexPage = Frame & {
  readonly rows: readonly RowView[];
  readonly refs: readonly RefView[];
  readonly moreRefs: readonly RefView[];
  readonly trend: Trend | null;
  readonly older: string | null;
  readonly unreadable: readonly (UnreadableRun & { readonly href: string })[];
};

export type ListPage = Frame & {
  readonly page: number;
  readonly rows: readonly RowView[];
  readonly range: string;
  readonly older: string | null;
  readonly newer: string | null;
};

export type RefPage = Frame & {
  readonly ref: string;
  readonly fullRef: string;
  readonly rows: readonly RowView[];
  readonly trend: Trend | null;
  readonly badge: string;
  /** The list page to go on from when the ref has older runs than these. */
  readonly older: string | null;
};

export type Badge = {
  readonly label: string;
  readonly word: string;
  readonly verdict: 'complete' | 'failed' | 'none';
  readonly labelWidth: number;
  readonly wordWidth: number;
};

export type FeedEntry = {
  readonly id: string;
  readonly href: string;
  readonly title: string;
  readonly updated: string;
  readonly author: string;
  readonly summary: string;
};

export type Feed = {
  readonly title: string;
  readonly id: string;
  readonly home: string;
  /** The feed's own absolute address; null when the site's is not known. */
  readonly self: string | null;
  readonly updated: string;
  readonly entries: readonly FeedEntry[];
};

export type SiteNames = { readonly title: string; readonly url: string | null };

/** Refs that the index shows at once; the rest is one click away. */
const refsAtOnce = 12;

/** A list is read at a glance; the run's page has the whole. */
const longestSubject = 120;

export function rowView(row: RunRow): RowView {
  return {
    href: addresses.runPage(row.id),
    number: row.number,
    state: row.state,
    subject: row.subject === '' ? '(no subject)' : cut(row.subject, longestSubject),
    ref: shortRef(row.ref),
    refHref: addresses.refPage(row.ref),
    sha: row.sha,
    shortSha: shortSha(row.sha),
    author: nameOf(row.author),
    rerun: row.reason === 'rerun',
    detail: detailOf(row),
    took: spanOf(row.started_at, row.finished_at),
    at: momentOf(row.created_at),
  };
}

function detailOf(row: RunRow): string {
  if (row.outcome !== null) return sayOutcome(row.outcome, row.failed_jobs, row.jobs.failed) ?? '';
  if (row.state !== 'active') return '';
  const counts = Object.entries(row.jobs);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const over = counts.reduce(
    (sum, [state, count]) => sum + (state === 'pending' || state === 'active' ? 0 : count),
    0,
  );
  const failing = row.failed_jobs.length > 0 ? `${sayList(row.failed_jobs, row.jobs.failed)} failed, ` : '';
  return total === 0 ? 'starting' : `${failing}${over} of ${counted(total, 'job')} over`;
}

const isLive = (rows: readonly RunRow[]): boolean =>
  rows.some((row) => row.state === 'active' || row.state === 'pending');

/** A list may always get a new run; one with a running run changes soon. */
const refreshOf = (rows: readonly RunRow[]): number => (isLive(rows) ? 2 : 15);

const stateOfVerdict = (verdict: Status['verdict']): Frame['icon'] => verdict ?? 'quire';

export function indexPage(status: Status): IndexPage {
  const refs = status.refs.map(refView);
  return {
    siteTitle: status.title,
    root: '',
    title: status.title,
    icon: stateOfVerdict(status.verdict),
    refresh: refreshOf(status.runs),
    rows: status.runs.map(rowView),
    refs: refs.slice(0, refsAtOnce),
    moreRefs: refs.slice(refsAtOnce),
    trend: trendOf(status.runs),
    older: status.older_page === null ? null : addresses.listPage(status.older_page),
    unreadable: status.unreadable.map((run) => ({ ...run, href: addresses.runPage(run.id) })),
  };
}

const refView = (row: RunRow): RefView => ({
  name: shortRef(row.ref),
  href: addresses.refPage(row.ref),
  state: row.state,
  number: row.number,
  runHref: addresses.runPage(row.id),
});

/** `full`: the numbers of this page are all given, so that the next page is there. */
export function listPage(
  names: SiteNames,
  page: number,
  list: RunList,
  around: { readonly older: boolean; readonly full: boolean },
): ListPage {
  const [first, last] = [(page - 1) * addresses.runsPerPage + 1, page * addresses.runsPerPage];
  return {
    siteTitle: names.title,
    root: '../',
    title: `Runs ${first} to ${last}`,
    icon: 'quire',
    refresh: around.full && !isLive(list.runs) ? null : refreshOf(list.runs),
    page,
    range: `${first} to ${last}`,
    rows: list.runs.map(rowView),
    older: around.older ? addresses.listPage(page - 1) : null,
    newer: around.full ? addresses.listPage(page + 1) : null,
  };
}

export function refPage(names: SiteNames, ref: string, list: RunList): RefPage {
  const oldest = list.runs[list.runs.length - 1];
  const newest = list.runs[0];
  return {
    siteTitle: names.title,
    root: '../../',
    title: cut(shortRef(ref), 120),
    icon: newest === undefined ? 'quire' : newest.state,
    refresh: refreshOf(list.runs),
    ref: shortRef(ref),
    fullRef: ref,
    rows: list.runs.map(rowView),
    trend: trendOf(list.runs),
    badge: addresses.refBadge(ref),
    older:
      list.more === true && oldest !== undefined ? addresses.listPage(addresses.pageOf(oldest.number)) : null,
  };
}

const trendHeight = 56;
const barStep = 9;
const barWidth = 6;

/** The newest runs from left to right, as high as they took long; null when there are too few to compare. */
export function trendOf(rows: readonly RunRow[]): Trend | null {
  const over = rows.filter((row) => row.finished_at !== null && row.started_at !== null).reverse();
  if (over.length < 2) return null;
  const times = over.map((row) => between(row.started_at, row.finished_at) ?? 0);
  // The square root keeps a quick run visible beside one that hung for an hour.
  const most = Math.sqrt(Math.max(...times, 1));
  const bars = over.map((row, index) => {
    const height = Math.max(5, Math.round((Math.sqrt(times[index] ?? 0) / most) * (trendHeight - 8)));
    return {
      href: addresses.runPage(row.id),
      state: row.state,
      title: `#${row.number} ${row.state}, ${showDuration(times[index] ?? 0)}, ${shortRef(cut(row.ref, 80))}`,
      x: index * barStep,
      y: trendHeight - height,
      height,
    };
  });
  const complete = over.filter((row) => row.state === 'complete');
  const usual = median(complete.map((row) => between(row.started_at, row.finished_at) ?? 0));
  // Also those that failed before they began, which have no bar.
  const judged = rows.filter(({ state }) => state === 'complete' || state === 'failed').length;
  const summary = [
    `${complete.length} of the last ${judged} complete`,
    ...(usual === null ? [] : [`usually in ${showDuration(usual)}`]),
  ].join(', ');
  return {
    bars,
    width: over.length * barStep - (barStep - barWidth),
    height: trendHeight,
    barWidth,
    summary,
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** `label`: what the badge is of. */
export function badgeOf(label: string, rows: readonly RunRow[]): Badge {
  const verdict = verdictOf(rows);
  const shown = cut(legalXml(label), 40);
  const word = verdict ?? 'no result';
  const width = (text: string): number => Math.round(Array.from(text).length * 6.6 + 12);
  return {
    label: shown,
    word,
    verdict: verdict ?? 'none',
    labelWidth: width(shown),
    wordWidth: width(word) + 14,
  };
}

/** The runs that are over, as Atom. */
export function feedOf(names: SiteNames, status: Status): Feed {
  const over = status.runs.filter((row) => row.finished_at !== null);
  const stamps = over.map((row) => momentOf(row.finished_at ?? '').iso).sort();
  const base = names.url === null ? '' : names.url.replace(/\/*$/, '/');
  return {
    title: legalXml(names.title),
    id: nameUuid(`quire feed ${base === '' ? names.title : base}`),
    home: `${base}${addresses.indexPage}`,
    self: names.url === null ? null : `${base}${addresses.feedFile}`,
    updated: stamps[stamps.length - 1] ?? '1970-01-01T00:00:00.000Z',
    entries: over.map((row) => {
      const view = rowView(row);
      return {
        id: `urn:uuid:${row.id}`,
        href: `${base}${view.href}`,
        title: legalXml(`#${row.number} ${row.state}: ${view.subject} (${view.ref})`),
        updated: momentOf(row.finished_at ?? '').iso,
        author: legalXml(view.author) || 'unknown',
        summary: legalXml(summaryOf(view)),
      };
    }),
  };
}

/** A run that never started took no time. */
const summaryOf = ({ detail, shortSha, ref, took }: RowView): string =>
  [detail, [`${shortSha} on ${ref}`, took.text].filter(Boolean).join(', ')].filter(Boolean).join(' ');

/** A UUID (RFC 9562, version 8) of a name: the same name has the same one, everywhere. */
function nameUuid(name: string): string {
  const hex = sha256Hex(name);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Text without what XML 1.0 can't hold at all, not even escaped. */
export const legalXml = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '');
