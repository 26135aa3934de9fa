/**
 * The site's JSON files, as `site/schemas/` documents them: for scripts, badges of others, dashboards.
 *
 * Must not know: HTML, the disk.
 */
import type { RunId } from '../base/ids.ts';
import { unreachable } from '../base/unreachable.ts';
import type { PipelineRecord, RunRecord } from '../runs/records.ts';
import type { RunState } from '../runs/states.ts';
import * as addresses from './addresses.ts';
import type { RunRow } from './row.ts';

/** Text that stays harmless wherever someone pastes the file: no `<`, no line separators, no controls. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 1).replace(
    /[<>&\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )}\n`;

/** `runs/<id>/run.json`. */
export function runDocument(record: RunRecord): unknown {
  const { meta, times, outcome, container } = record;
  return {
    format: 1,
    id: meta.id,
    number: meta.number,
    repo: meta.repo,
    state: record.state,
    outcome: outcome?.outcome ?? null,
    error: outcome?.error ?? null,
    replaced_by: outcome?.replacedBy ?? null,
    ref: meta.ref,
    sha: meta.sha,
    old_sha: meta.oldSha,
    subject: meta.subject.text,
    author: meta.author.text,
    pusher: meta.pusher.text,
    reason: meta.reason,
    rerun_of: meta.rerunOf,
    variables: meta.variables,
    pushed_at: meta.pushedAt,
    created_at: times.createdAt,
    started_at: times.startedAt,
    finished_at: times.finishedAt,
    ...pipelinePart(record.pipeline),
    container:
      container === null
        ? null
        : {
            engine: container.engine,
            image_tag: container.imageTag,
            build_started_at: container.buildStartedAt,
            build_finished_at: container.buildFinishedAt,
            container_id: container.containerId,
            container_started_at: container.containerStartedAt,
            container_stopped_at: container.containerStoppedAt,
          },
    jobs: record.jobs.map((job) => ({
      id: job.id,
      inputs: inputsOf(record.pipeline, job.id),
      state: job.state,
      reason: job.reason,
      error: job.error,
      exit: job.exit,
      attempt: job.attempt,
      started_at: job.startedAt,
      finished_at: job.finishedAt,
      // Relative to this file. The jobs of a waiting run have no pages yet, a waiting job has no log.
      page: record.state === 'pending' ? null : fromRun(record, addresses.jobPage(meta.id, job.id)),
      log:
        record.state === 'pending' || job.state === 'pending'
          ? null
          : fromRun(record, addresses.logFile(meta.id, job.id)),
    })),
  };
}

const fromRun = (record: RunRecord, address: string): string =>
  address.slice(addresses.runDirectory(record.meta.id).length + 1);

export function inputsOf(pipeline: PipelineRecord | null, job: string): readonly string[] {
  if (pipeline === null || pipeline.kind !== 'jobs') return [];
  return pipeline.jobs.find((line) => line.id === job)?.inputs ?? [];
}

function pipelinePart(pipeline: PipelineRecord | null): object {
  if (pipeline === null) return { image: null, diagnostics: [] };
  switch (pipeline.kind) {
    case 'jobs':
      return { image: pipeline.image, diagnostics: [] };
    case 'diagnostics':
      return { image: null, diagnostics: pipeline.diagnostics };
    default:
      return unreachable(pipeline);
  }
}

/** Its number is not known: that is one of the things that can't be read. */
export type UnreadableRun = {
  readonly id: RunId;
  readonly state: RunState;
  /** The file and what is wrong with it. */
  readonly problem: string;
};

/** What the index, its badge and the feed are made of; also the site's `status.json`. */
export type Status = {
  readonly format: 1;
  readonly title: string;
  /** How the newest run that came to an end on its own ended, of the main ref where one is named. */
  readonly verdict: 'complete' | 'failed' | null;
  /** The highest run number so far. */
  readonly latest: number;
  /** The newest run of each ref, newest first: at most `mostRefs`. */
  readonly refs: readonly RunRow[];
  /** The newest runs. */
  readonly runs: readonly RunRow[];
  /** The list page with the run before the oldest of `runs`; null when there is none. */
  readonly older_page: number | null;
  /** Runs whose records can't be read. */
  readonly unreadable: readonly UnreadableRun[];
};

/** So many refs that the index still reads well; older ones are found through their runs. */
export const mostRefs = 100;

export type RunList = {
  readonly format: 1;
  /** The whole name of the ref, for a ref's list; absent for a list page. */
  readonly ref?: string;
  readonly runs: readonly RunRow[];
  /** Whether the ref has older runs than these; for a ref's list only. */
  readonly more?: boolean;
};
