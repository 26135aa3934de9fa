/**
 * What a run's page shows: how it ended and why, its graph, its jobs on one time line, the facts.
 *
 * Pure. Must not know: files, markup, how a graph is laid out.
 */

import { parseTimestamp } from '../base/clock.ts';
import { pointSpan } from '../base/diagnostic.ts';
import { drawDiagnostic } from '../base/draw.ts';
import { type JobId, type RunId, shortRef, shortSha, slugOf } from '../base/ids.ts';
import { counted, showDuration } from '../base/text.ts';
import type { DiagnosticLine, JobRecord, RunRecord } from '../runs/records.ts';
import { isFinal, type JobState } from '../runs/states.ts';
import * as addresses from './addresses.ts';
import type { Graph, GraphBox } from './graph.ts';
import type { Frame, SiteNames } from './list-pages.ts';
import type { LogView } from './log-view.ts';
import { cut } from './row.ts';
import {
  type AnyState,
  type Moment,
  momentOf,
  nameOf,
  type Span,
  sayOutcome,
  sayReason,
  spanOf,
} from './words.ts';

export type Fact = {
  readonly label: string;
  readonly text: string;
  readonly code: boolean;
  readonly href: string | null;
  /** The whole of a shortened text. */
  readonly title: string | null;
  readonly at: Moment | null;
};

export type JobLineView = {
  readonly id: string;
  /** Null while the run waits: its jobs have no pages yet. */
  readonly href: string | null;
  readonly state: AnyState;
  /** Why it is in that state, where there is something to say. */
  readonly detail: string;
  readonly took: Span;
  /** Its stretch of the run's time line, in per mille; null when it never began. */
  readonly bar: { readonly from: number; readonly width: number; readonly running: boolean } | null;
  readonly started: string;
};

export type DiagnosticView = {
  readonly code: string;
  readonly message: string;
  readonly place: string | null;
  readonly job: string | null;
  readonly hint: string | null;
  /** The source line and the caret under it; null when the source is not at hand. */
  readonly quote: { readonly source: string; readonly gutter: string; readonly caret: string } | null;
};

export type GraphView = Omit<Graph, 'boxes'> & {
  readonly boxes: readonly (GraphBox & { readonly href: string | null })[];
};

export type LogFiles = {
  /** From the site's root; null when there is nothing to link to. */
  readonly text: string | null;
  /** `12.3 MB`; null while the log grows. */
  readonly size: string | null;
  readonly parts: readonly string[];
};

export type RunPage = Frame & {
  readonly number: number;
  readonly state: AnyState;
  readonly subject: string;
  readonly sentence: string | null;
  readonly error: string | null;
  /** The run that took its place, while that is there. */
  readonly replacedBy: string | null;
  readonly ref: string;
  readonly refHref: string;
  readonly took: Span;
  readonly at: Moment;
  readonly author: string;
  /** How it came to be, when not by a push. */
  readonly reason: string | null;
  readonly shortSha: string;
  readonly facts: readonly Fact[];
  readonly variables: readonly (readonly [string, string])[];
  /** The jobs that failed, with what each has to say. */
  readonly failures: readonly JobLineView[];
  readonly diagnostics: readonly DiagnosticView[];
  readonly graph: GraphView | null;
  /** Whether there is a graph that is not drawn. */
  readonly hasLargeGraph: boolean;
  readonly jobs: readonly JobLineView[];
  readonly log: LogView | null;
  readonly logFiles: LogFiles;
  readonly json: string;
};

/** The text of a source file at the run's commit, for diagnostics; null when it is not at hand. */
export type SourceOf = (file: string) => string | null;

export type RunPageParts = {
  readonly graph: Graph | null;
  readonly log: LogView | null;
  readonly logFiles: LogFiles;
  readonly sourceOf: SourceOf;
  /** Whether a run has a page. */
  readonly isThere: (id: RunId) => boolean;
};

const longestSubject = 500;
const longestError = 20_000;

export function runPage(names: SiteNames, record: RunRecord, parts: RunPageParts): RunPage {
  const { meta, times, outcome, pipeline } = record;
  const jobs = jobLines(record);
  const failures = jobs.filter((job) => job.state === 'failed');
  const subject = meta.subject.text === '' ? '(no subject)' : cut(meta.subject.text, longestSubject);
  const id = meta.id;
  return {
    siteTitle: names.title,
    root: addresses.rootFrom(addresses.runPage(id)),
    title: `#${meta.number} ${record.state}: ${cut(subject, 80)}`,
    icon: record.state,
    refresh: isFinal(record.state) ? null : 2,
    number: meta.number,
    state: record.state,
    subject,
    sentence: sentenceOf(record, failures.length),
    error: outcome?.error == null || isSaidBelow(record) ? null : cut(outcome.error, longestError),
    replacedBy:
      outcome?.replacedBy == null || !parts.isThere(outcome.replacedBy)
        ? null
        : addresses.runPage(outcome.replacedBy),
    ref: shortRef(meta.ref),
    refHref: addresses.refPage(meta.ref),
    took: spanOf(times.startedAt, times.finishedAt),
    at: momentOf(times.createdAt),
    author: nameOf(cut(meta.author.text)),
    reason: meta.reason === 'push' ? null : sayReason(meta.reason),
    shortSha: shortSha(meta.sha),
    facts: factsOf(record, parts.isThere),
    variables: Object.entries(meta.variables).map(([name, value]) => [name, cut(value, 1000)]),
    diagnostics:
      pipeline?.kind === 'diagnostics'
        ? pipeline.diagnostics.map((line) => diagnosticView(line, parts.sourceOf))
        : [],
    graph: parts.graph === null ? null : graphView(parts.graph, record),
    hasLargeGraph: parts.graph === null && jobs.length > 1,
    failures,
    jobs,
    log: parts.log === null || parts.log.sections.length === 0 ? null : parts.log,
    logFiles: parts.logFiles,
    json: addresses.runFile(id),
  };
}

/** The failed jobs are listed with links, and the faults of a pipeline each with its line: better than in one sentence. */
const isSaidBelow = ({ outcome, jobs, pipeline }: RunRecord): boolean =>
  (outcome?.outcome === 'failed-job' && jobs.some((job) => job.state === 'failed')) ||
  (outcome?.outcome === 'failed-pipeline' &&
    pipeline?.kind === 'diagnostics' &&
    pipeline.diagnostics.length > 0);

function sentenceOf(record: RunRecord, failures: number): string | null {
  const outcome = record.outcome?.outcome ?? null;
  if (isFinal(record.state)) {
    if (outcome === 'failed-job' && failures > 0) return `${counted(failures, 'job')} failed.`;
    if (outcome === 'succeeded' && failures > 0) {
      return `${counted(failures, 'job')} failed, which the pipeline allows.`;
    }
    return outcome === null ? null : sayOutcome(outcome, []);
  }
  if (record.state === 'pending') {
    return record.pipeline === null ? 'Its pipeline is being evaluated.' : 'It waits for its turn.';
  }
  return failures === 0 ? null : `${counted(failures, 'job')} failed; the others go on.`;
}

const fact = (label: string, text: string, more: Partial<Fact> = {}): Fact => ({
  label,
  text,
  code: false,
  href: null,
  title: null,
  at: null,
  ...more,
});

const moment = (label: string, stamp: string | null): Fact[] =>
  stamp === null ? [] : [fact(label, '', { at: momentOf(stamp) })];

function factsOf(record: RunRecord, isThere: RunPageParts['isThere']): Fact[] {
  const { meta, times, pipeline, container } = record;
  const image = pipeline?.kind === 'jobs' ? pipeline.image : null;
  return [
    fact('Commit', meta.sha, { code: true }),
    ...(meta.oldSha === null ? [] : [fact('Before it', meta.oldSha, { code: true })]),
    fact('Ref', meta.ref, { code: true, href: addresses.refPage(meta.ref) }),
    fact('Author', cut(meta.author.text)),
    fact('Pusher', cut(meta.pusher.text)),
    ...moment('Pushed', meta.pushedAt),
    ...moment('Created', times.createdAt),
    ...moment('Started', times.startedAt),
    ...moment('Finished', times.finishedAt),
    ...(meta.rerunOf === null
      ? []
      : [
          fact('Again', meta.rerunOf, {
            code: true,
            href: isThere(meta.rerunOf) ? addresses.runPage(meta.rerunOf) : null,
          }),
        ]),
    ...(image === null ? [] : [fact('Image', image, { code: true })]),
    ...(container?.imageTag == null ? [] : [fact('Image tag', container.imageTag, { code: true })]),
    ...(container?.containerId == null
      ? []
      : [
          fact('Container', container.containerId.slice(0, 12), { code: true, title: container.containerId }),
        ]),
    fact('Run id', meta.id, { code: true }),
  ];
}

/** Why a job is in its state, in a few words; empty when the state says it. */
export function detailOf(job: JobRecord): string {
  const again = job.attempt > 1 ? `attempt ${job.attempt}` : '';
  const why =
    job.state === 'failed' && job.error !== null
      ? (cut(job.error, 200).split('\n')[0] ?? '')
      : sayJobReason(job.state, job.reason);
  return [why, again].filter(Boolean).join(', ');
}

/** `needs build` reads as what it means for a job that was skipped. */
export function sayJobReason(state: JobState, reason: string | null): string {
  if (reason === null) return '';
  return state === 'skipped' && reason.startsWith('needs ')
    ? `needs ${reason.slice(6)}, which did not succeed`
    : reason;
}

/** The jobs in registration order, each with its stretch of the run's time. */
function jobLines(record: RunRecord): JobLineView[] {
  const stamps = [
    record.times.startedAt,
    record.times.finishedAt,
    ...record.jobs.flatMap((job) => [job.startedAt, job.finishedAt]),
  ]
    .map((stamp) => (stamp === null ? null : parseTimestamp(stamp)))
    .filter((stamp) => stamp !== null);
  // A running job's bar goes to the last moment that is on record: a page holds nothing that the records don't.
  const [first, last] = [Math.min(...stamps), Math.max(...stamps)];
  const total = Math.max(1, last - first);
  // While something runs, the right end of the line is left to what has no end yet.
  const scale = record.jobs.some((job) => job.state === 'active') ? 850 : 1000;
  return record.jobs.map((job) => {
    const start = job.startedAt === null ? null : parseTimestamp(job.startedAt);
    const end = job.finishedAt === null ? null : parseTimestamp(job.finishedAt);
    const from = start === null ? 0 : Math.round(((start - first) / total) * scale);
    const until = end === null ? 1000 : Math.round(((end - first) / total) * scale);
    return {
      id: job.id,
      href: record.state === 'pending' ? null : addresses.jobPage(record.meta.id, job.id),
      state: job.state,
      detail: detailOf(job),
      took: spanOf(job.startedAt, job.finishedAt),
      started: start === null ? '' : `began after ${showDuration(start - first)}`,
      bar:
        start === null
          ? null
          : { from: Math.min(from, 994), width: Math.max(6, until - from), running: job.state === 'active' },
    };
  });
}

function graphView(graph: Graph, record: RunRecord): GraphView {
  const jobs = new Set<string>(record.state === 'pending' ? [] : record.jobs.map((job) => job.id));
  return {
    ...graph,
    boxes: graph.boxes.map((box) => ({
      ...box,
      href: jobs.has(box.id) ? `jobs/${slugOf(box.id as JobId)}/index.html` : null,
    })),
  };
}

function diagnosticView(line: DiagnosticLine, sourceOf: SourceOf): DiagnosticView {
  const { code, message, file, job, hint } = line;
  const position =
    file === null || line.line === null ? null : { file, line: line.line, column: line.column ?? 1 };
  return {
    code,
    message: cut(message, 4000),
    place: position === null ? file : `${position.file}:${position.line}:${position.column}`,
    job,
    hint,
    quote: position === null ? null : quoteOf(position, sourceOf),
  };
}

/** The lines of a drawn diagnostic that hold the source and the caret. */
function quoteOf(
  position: { readonly file: string; readonly line: number; readonly column: number },
  sourceOf: SourceOf,
): DiagnosticView['quote'] {
  const span = pointSpan(position.file, position.line, position.column);
  const drawn = drawDiagnostic(
    { code: '', message: '', span, notes: [], hint: null, job: null },
    { sourceOf, colour: false },
  );
  const [, source, below = ''] = drawn.split('\n');
  const [, gutter, caret] = /^( *\| *)(\^+)$/.exec(below) ?? [];
  return source === undefined || gutter === undefined || caret === undefined
    ? null
    : { source, gutter, caret };
}
