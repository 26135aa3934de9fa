/**
 * What a job's page shows: how it ended, the command that failed, its log.
 *
 * It shows the states of no other job, so that only its own changes rewrite it. Pure. Must not know: files, markup.
 */
import { shortRef, shortSha } from '../base/ids.ts';
import type { JobRecord, RunRecord } from '../runs/records.ts';
import { isJobOver } from '../runs/states.ts';
import * as addresses from './addresses.ts';
import { inputsOf } from './documents.ts';
import type { Frame, SiteNames } from './list-pages.ts';
import { sayExit } from './log-pieces.ts';
import type { LogSection, LogView } from './log-view.ts';
import type { OutputLines } from './outputs.ts';
import { cut } from './row.ts';
import { type LogFiles, sayJobReason } from './run-page.ts';
import { type AnyState, type Moment, momentOf, type Span, spanOf } from './words.ts';

export type JobLink = { readonly id: string; readonly href: string | null };

export type JobPage = Frame & {
  readonly id: string;
  readonly state: AnyState;
  readonly reason: string;
  readonly error: string | null;
  readonly attempt: number;
  /** How its last command ended. */
  readonly lastEnd: string | null;
  readonly took: Span;
  readonly started: Moment | null;
  readonly finished: Moment | null;
  readonly runNumber: number;
  readonly runHref: string;
  readonly ref: string;
  readonly refHref: string;
  readonly shortSha: string;
  readonly subject: string;
  readonly needs: readonly JobLink[];
  readonly neededBy: readonly JobLink[];
  readonly where: string | null;
  /** The last command that failed, when the job did. */
  readonly culprit: LogSection | null;
  readonly log: LogView;
  readonly logFiles: LogFiles;
  /** What the job returned, for those that need it. */
  readonly outputs: OutputLines;
};

export type JobPageParts = Pick<JobPage, 'log' | 'logFiles' | 'outputs'>;

export function jobPage(
  names: SiteNames,
  record: RunRecord,
  job: JobRecord,
  { log, logFiles, outputs }: JobPageParts,
): JobPage {
  const { meta, pipeline } = record;
  const lines = pipeline?.kind === 'jobs' ? pipeline.jobs : [];
  const line = lines.find((one) => one.id === job.id);
  const ids = new Map<string, string>(lines.map((one) => [one.id, addresses.jobPage(meta.id, one.id)]));
  const link = (id: string): JobLink => ({ id, href: ids.get(id) ?? null });
  const failing = log.sections.filter((section) => section.failed && section.attempt === job.attempt);
  return {
    siteTitle: names.title,
    root: addresses.rootFrom(addresses.jobPage(meta.id, job.id)),
    title: `${cut(job.id, 80)} ${job.state} · #${meta.number}`,
    icon: job.state,
    refresh: isJobOver(job.state) ? null : 2,
    id: job.id,
    state: job.state,
    reason: sayJobReason(job.state, job.reason),
    error: job.error === null ? null : cut(job.error, 20_000),
    attempt: job.attempt,
    lastEnd: lastEndOf(job, log),
    took: spanOf(job.startedAt, job.finishedAt),
    started: job.startedAt === null ? null : momentOf(job.startedAt),
    finished: job.finishedAt === null ? null : momentOf(job.finishedAt),
    runNumber: meta.number,
    runHref: addresses.runPage(meta.id),
    ref: shortRef(meta.ref),
    refHref: addresses.refPage(meta.ref),
    shortSha: shortSha(meta.sha),
    subject: meta.subject.text === '' ? '(no subject)' : cut(meta.subject.text, 60),
    needs: inputsOf(pipeline, job.id).map(link),
    neededBy: lines.filter((one) => one.inputs.includes(job.id)).map((one) => link(one.id)),
    where: line === undefined || line.file === '' ? null : `${line.file}:${line.line}`,
    culprit: job.state === 'failed' ? (failing[failing.length - 1] ?? null) : null,
    log,
    logFiles,
    outputs,
  };
}

/** A command that a signal ended has no exit; its log knows the signal. */
function lastEndOf(job: JobRecord, log: LogView): string | null {
  if (job.exit === null) return null;
  if (job.exit >= 0) return `last exit ${job.exit}`;
  const last = log.sections.findLast((section) => section.end !== null && section.attempt === job.attempt);
  return last === undefined || last.end === sayExit(job.exit, null) ? null : last.end;
}
