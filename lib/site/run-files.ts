/**
 * The files of one run: its page, its `run.json`, its jobs' pages and logs.
 *
 * Must not know: other runs, templates.
 */
import type { JobId, RunId, Sha } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import type { JobRecord, RunRecord } from '../runs/records.ts';
import { isFinal, isJobOver } from '../runs/states.ts';
import type { StoreFailure } from '../store/store.ts';
import * as addresses from './addresses.ts';
import { jsonText, runDocument } from './documents.ts';
import { type Graph, graphOf } from './graph.ts';
import { jobPage } from './job-page.ts';
import type { SiteNames } from './list-pages.ts';
import type { PutPage } from './lists.ts';
import {
  type LiveLog,
  type LogLook,
  type LogSource,
  liveLog,
  noLogFiles,
  publishWholeLog,
} from './log-files.ts';
import type { Output } from './output.ts';
import { outputLines } from './outputs.ts';
import type { Records } from './records.ts';
import { runPage, type SourceOf } from './run-page.ts';
import { type UnreadableFailure, unreadablePage, unreadableRun } from './unreadable.ts';

export type RunFiles = {
  readonly output: Output;
  readonly put: PutPage;
  readonly names: SiteNames;
  readonly records: Pick<Records, 'log' | 'has' | 'outputs'>;
  /** The text of a file at a commit, for quoting it in diagnostics; null when it can't be had. */
  readonly sourceOf: (sha: Sha, file: string) => Promise<string | null>;
  readonly memory: RunMemory;
  /** Hears of runs that could not be read, and of logs and outputs that could not be read to their end. */
  readonly unreadable: StoreFailure[];
};

/** What one process keeps between looks at a run; none of it is needed to come to the same pages. */
export type RunMemory = { readonly logs: Map<string, LiveLog>; readonly graphs: Map<string, Graph | null> };

export const newMemory = (): RunMemory => ({ logs: new Map(), graphs: new Map() });

/** Writes the run's own files, and those of the jobs that changed: before the page that links to them. */
export async function publishRun(
  files: RunFiles,
  record: RunRecord,
  jobs: ReadonlySet<JobId> | 'all',
): Promise<void> {
  const { output, put, names } = files;
  const { id } = record.meta;
  if (record.state !== 'pending') {
    for (const job of record.jobs) {
      if (jobs === 'all' || jobs.has(job.id)) await publishJob(files, record, job);
    }
  }
  const log = await look(files, id, null, isFinal(record.state), record.state !== 'pending');
  const sourceOf = await sourcesOf(files, record);
  const graph = await drawnGraph(files, record);
  put(
    addresses.runPage(id),
    'run',
    runPage(names, record, {
      graph,
      log: log.view,
      logFiles: log.files,
      sourceOf,
      isThere: files.records.has,
    }),
  );
  output.write(addresses.runFile(id), jsonText(runDocument(record)));
}

/** What stands in for the files of a run that can't be read: one page that says so, and nothing that may be out of date. */
export function publishUnreadable(files: RunFiles, failure: UnreadableFailure): void {
  const { output, put, names, unreadable } = files;
  unreadable.push(failure);
  const page = addresses.runPage(failure.id);
  put(page, 'unreadable', unreadablePage(names, unreadableRun(failure)));
  const directory = addresses.runDirectory(failure.id);
  for (const name of output.names(directory)) {
    if (`${directory}/${name}` !== page) output.remove(`${directory}/${name}`);
  }
}

async function publishJob(files: RunFiles, record: RunRecord, job: JobRecord): Promise<void> {
  const { id } = record.meta;
  const { view, files: logFiles } = await look(
    files,
    id,
    job.id,
    isJobOver(job.state),
    job.state !== 'pending',
  );
  const outputs = outputLines(isJobOver(job.state) ? await returned(files, id, job.id) : null);
  files.put(
    addresses.jobPage(id, job.id),
    'job',
    jobPage(files.names, record, job, { log: view, logFiles, outputs }),
  );
}

async function returned(files: RunFiles, id: RunId, job: JobId): Promise<Plain | null> {
  const outputs = await files.records.outputs(id, job);
  if (outputs.ok) return outputs.value;
  if (outputs.error.reason !== 'not-found') files.unreadable.push(outputs.error);
  return null;
}

const nothing: LogLook = {
  view: { sections: [], omitted: 0, omittedBefore: 0, lines: 0 },
  files: noLogFiles,
};

async function look(
  files: RunFiles,
  id: RunId,
  job: JobId | null,
  over: boolean,
  begun: boolean,
): Promise<LogLook> {
  if (!begun) return nothing;
  const readings: ReturnType<LogSource>[] = [];
  const source: LogSource = (from) => {
    const reading = files.records.log(id, job)(from);
    readings.push(reading);
    return reading;
  };
  const seen = await lookThrough(files, { id, job }, source, over);
  for (const { failure } of readings) if (failure !== null) files.unreadable.push(failure);
  return seen;
}

async function lookThrough(
  files: RunFiles,
  place: { readonly id: RunId; readonly job: JobId | null },
  source: LogSource,
  over: boolean,
): Promise<LogLook> {
  const key = `${place.id} ${place.job ?? ''}`;
  if (over) {
    files.memory.logs.delete(key);
    return publishWholeLog(files.output, place, source);
  }
  const live = files.memory.logs.get(key) ?? liveLog(place);
  files.memory.logs.set(key, live);
  return live.look(files.output, source);
}

/** Runs of one pipeline have one layout: the few newest are kept. */
const mostGraphs = 20;

async function drawnGraph(files: RunFiles, record: RunRecord): Promise<Graph | null> {
  const { pipeline, jobs } = record;
  if (pipeline === null || pipeline.kind !== 'jobs') return null;
  const { graphs } = files.memory;
  const key = JSON.stringify(pipeline.jobs.map((line) => [line.id, line.inputs]));
  const known = graphs.get(key);
  const layout = known === undefined ? await graphOf(pipeline.jobs) : known;
  graphs.delete(key);
  graphs.set(key, layout);
  for (const oldest of graphs.keys()) {
    if (graphs.size <= mostGraphs) break;
    graphs.delete(oldest);
  }
  return layout === null ? null : withStates(layout, jobs);
}

function withStates(layout: Graph, jobs: readonly JobRecord[]): Graph {
  const states = new Map<string, JobRecord['state']>(jobs.map((job) => [job.id, job.state]));
  return {
    ...layout,
    boxes: layout.boxes.map((box) => ({ ...box, state: states.get(box.id) ?? null })),
    lines: layout.lines.map((line) => ({ ...line, state: states.get(line.to) ?? null })),
  };
}

/** The files that diagnostics point into, read before the page is made: making it is pure. */
async function sourcesOf(files: RunFiles, record: RunRecord): Promise<SourceOf> {
  const texts = new Map<string, string | null>();
  if (record.pipeline?.kind === 'diagnostics') {
    for (const { file } of record.pipeline.diagnostics) {
      if (file !== null && !texts.has(file)) texts.set(file, await files.sourceOf(record.meta.sha, file));
    }
  }
  return (file) => texts.get(file) ?? null;
}
