/**
 * Where each page of the site lives, as a path from the site's root. No address carries a state, so a page never moves.
 *
 * Must not know: what is on a page, or where the site's root is.
 */
import { type JobId, type RunId, shortRef, slugOf } from '../base/ids.ts';

/** How many runs the index and a ref's page show, and how many numbers one list page covers. */
export const runsPerPage = 50;

export const indexPage = 'index.html';
export const missingPage = '404.html';
export const statusFile = 'status.json';
export const feedFile = 'feed.xml';
export const badgeFile = 'badge.svg';

export const listPage = (page: number): string => `page/${page}.html`;
export const listFile = (page: number): string => `page/${page}.json`;

/** The list page of a run: page n has the runs numbered (n - 1) * 50 + 1 to n * 50. */
export const pageOf = (number: number): number => Math.max(1, Math.ceil(number / runsPerPage));

/** A full page is followed by the next one before that has any run, so that it need not change when one comes. */
export const newestPage = (latestNumber: number): number => Math.floor(latestNumber / runsPerPage) + 1;

export const runDirectory = (id: RunId): string => `runs/${id}`;
export const runPage = (id: RunId): string => `runs/${id}/index.html`;
export const runFile = (id: RunId): string => `runs/${id}/run.json`;

/** The place of a log's files: a job's directory, or the run's own with a null job. */
export const logDirectory = (id: RunId, job: JobId | null): string =>
  job === null ? runDirectory(id) : `runs/${id}/jobs/${slugOf(job)}`;
export const jobPage = (id: RunId, job: JobId): string => `${logDirectory(id, job)}/index.html`;
export const logFile = (id: RunId, job: JobId | null): string => `${logDirectory(id, job)}/log.txt`;
/** Parts count from 1. */
export const logPart = (id: RunId, job: JobId | null, part: number): string =>
  `${logDirectory(id, job)}/log-${part}.txt`;

export const refDirectory = (ref: string): string => `refs/${slugOf(shortRef(ref))}`;
export const refPage = (ref: string): string => `${refDirectory(ref)}/index.html`;
export const refFile = (ref: string): string => `${refDirectory(ref)}/runs.json`;
export const refBadge = (ref: string): string => `${refDirectory(ref)}/${badgeFile}`;

/** What leads from a page to the site's root: `../` for each directory it lies in. */
export const rootFrom = (address: string): string => '../'.repeat(address.split('/').length - 1);
