/**
 * The records of a run as text, and back: one pair of functions a file of the contract's table (§1).
 *
 * Must not know: where the files are, or when they are written.
 */
import type { RunId } from '../base/ids.ts';
import { err, type Result } from '../base/result.ts';
import type {
  ContainerRecord,
  DiagnosticLine,
  HistoryLine,
  JobLine,
  JobRecord,
  Meta,
  Outcome,
  OutsideText,
  Owner,
  PipelineRecord,
  Times,
} from '../runs/records.ts';
import { finalStates, jobStates, type OutcomeName, outcomes } from '../runs/states.ts';
import { type Fields, readFields } from './fields.ts';
import { type Data, parseLine, parseYaml, writeFlow, writeYaml } from './yaml.ts';

/** A record, or what is wrong with its text. Only within `reading`. */
export type Parsed<T> = Result<T, string>;

function parse<T>(text: string, read: (fields: Fields) => T): Parsed<T> {
  const data = parseYaml(text);
  return data.ok ? readFields(data.value, read) : data;
}

const bytesBeside = (key: string, bytes: Uint8Array | null): Record<string, Data> =>
  bytes === null ? {} : { [`${key}64`]: Buffer.from(bytes).toString('base64') };

const outside = (key: string, value: OutsideText): Record<string, Data> => ({
  [key]: value.text,
  ...bytesBeside(key, value.bytes),
});

export const metaText = (meta: Meta): string =>
  writeYaml({
    format: 1,
    id: meta.id,
    number: meta.number,
    repo: meta.repo,
    ref: meta.ref,
    ...bytesBeside('ref', meta.refBytes),
    sha: meta.sha,
    old_sha: meta.oldSha,
    pushed_at: meta.pushedAt,
    ...outside('pusher', meta.pusher),
    ...outside('author', meta.author),
    ...outside('subject', meta.subject),
    reason: meta.reason,
    rerun_of: meta.rerunOf,
    variables: meta.variables,
  });

/** `leastNumber` is 0 where a local run may be, which has none. */
export const parseMeta = (text: string, leastNumber = 1): Parsed<Meta> =>
  parse(text, (fields) => {
    if (fields.raw('format') !== 1) fields.refuse('format', '1');
    return {
      id: fields.runId('id'),
      number: fields.integer('number', leastNumber),
      repo: fields.text('repo'),
      ref: fields.ref('ref'),
      refBytes: fields.bytesOrNull('ref64'),
      sha: fields.sha('sha'),
      oldSha: fields.shaOrNull('old_sha'),
      pushedAt: fields.time('pushed_at'),
      pusher: fields.outside('pusher'),
      author: fields.outside('author'),
      subject: fields.outside('subject'),
      reason: fields.oneOf('reason', ['push', 'rerun', 'manual']),
      rerunOf: fields.runIdOrNull('rerun_of'),
      variables: fields.textMap('variables'),
    };
  });

export const timesText = (times: Times): string =>
  writeYaml({
    created_at: times.createdAt,
    started_at: times.startedAt,
    finished_at: times.finishedAt,
  });

export const parseTimes = (text: string): Parsed<Times> =>
  parse(text, (fields) => ({
    createdAt: fields.time('created_at'),
    startedAt: fields.timeOrNull('started_at'),
    finishedAt: fields.timeOrNull('finished_at'),
  }));

export const ownerText = (owner: Owner): string =>
  writeYaml({ pid: owner.pid, start: owner.start, boot: owner.boot });

export const parseOwner = (text: string): Parsed<Owner> =>
  parse(text, (fields) => ({
    pid: fields.integer('pid', 1),
    start: fields.integer('start', 0),
    boot: fields.text('boot'),
  }));

export const pipelineText = (pipeline: PipelineRecord): string =>
  pipeline.kind === 'jobs'
    ? writeYaml({ image: pipeline.image, jobs: pipeline.jobs.map((job) => ({ ...job })) })
    : writeYaml({ diagnostics: pipeline.diagnostics.map((line) => ({ ...line })) });

export const parsePipeline = (text: string): Parsed<PipelineRecord> =>
  parse<PipelineRecord>(text, (fields) =>
    fields.has('diagnostics')
      ? { kind: 'diagnostics', diagnostics: fields.items('diagnostics', diagnosticLine) }
      : { kind: 'jobs', image: fields.textOrNull('image'), jobs: fields.items('jobs', jobLine) },
  );

const jobLine = (fields: Fields): JobLine => ({
  id: fields.jobId('id'),
  inputs: fields.texts('inputs'),
  file: fields.text('file'),
  line: fields.integer('line', 0),
});

const diagnosticLine = (fields: Fields): DiagnosticLine => ({
  code: fields.text('code'),
  message: fields.text('message'),
  file: fields.textOrNull('file'),
  line: fields.integerOrNull('line', 0),
  column: fields.integerOrNull('column', 0),
  hint: fields.textOrNull('hint'),
  job: fields.textOrNull('job'),
});

export const outcomeText = (outcome: Outcome): string =>
  writeYaml({ outcome: outcome.outcome, error: outcome.error, replaced_by: outcome.replacedBy });

const outcomeNames = Object.keys(outcomes) as OutcomeName[];

export const parseOutcome = (text: string): Parsed<Outcome> =>
  parse(text, (fields) => ({
    outcome: fields.oneOf('outcome', outcomeNames),
    error: fields.textOrNull('error'),
    replacedBy: fields.runIdOrNull('replaced_by'),
  }));

/** Only what has happened: a pull that was not needed leaves no stamp. */
export const containerText = (container: ContainerRecord): string => {
  const keys = {
    engine: container.engine,
    build_started_at: container.buildStartedAt,
    image_tag: container.imageTag,
    build_finished_at: container.buildFinishedAt,
    container_id: container.containerId,
    container_started_at: container.containerStartedAt,
    container_stopped_at: container.containerStoppedAt,
  };
  return writeYaml(Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== null)));
};

export const parseContainer = (text: string): Parsed<ContainerRecord> =>
  parse(text, (fields) => ({
    engine: fields.textOrNull('engine'),
    buildStartedAt: fields.timeOrNull('build_started_at'),
    imageTag: fields.textOrNull('image_tag'),
    buildFinishedAt: fields.timeOrNull('build_finished_at'),
    containerId: fields.textOrNull('container_id'),
    containerStartedAt: fields.timeOrNull('container_started_at'),
    containerStoppedAt: fields.timeOrNull('container_stopped_at'),
  }));

export const jobText = (job: JobRecord): string =>
  writeYaml({
    id: job.id,
    state: job.state,
    reason: job.reason,
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    exit: job.exit,
    attempt: job.attempt,
    error: job.error,
  });

export const parseJob = (text: string): Parsed<JobRecord> =>
  parse(text, (fields) => ({
    id: fields.jobId('id'),
    state: fields.oneOf('state', jobStates),
    reason: fields.textOrNull('reason'),
    startedAt: fields.timeOrNull('started_at'),
    finishedAt: fields.timeOrNull('finished_at'),
    exit: fields.integerOrNull('exit', -1),
    attempt: fields.integer('attempt', 1),
    error: fields.textOrNull('error'),
  }));

/** A job of which nothing but its registration is known. */
export const pendingJob = (id: JobRecord['id']): JobRecord => ({
  id,
  state: 'pending',
  reason: null,
  startedAt: null,
  finishedAt: null,
  exit: null,
  attempt: 1,
  error: null,
});

export const historyText = (line: HistoryLine): string =>
  `- ${writeFlow({
    number: line.number,
    id: line.id,
    state: line.state,
    outcome: line.outcome,
    ref: line.ref,
    sha: line.sha,
    created_at: line.createdAt,
    finished_at: line.finishedAt,
  })}\n`;

export const parseHistory = (text: string): Parsed<HistoryLine> => {
  const data = parseLine(text);
  if (!data.ok) return data;
  return readFields(data.value, (fields) => ({
    number: fields.integerOrNull('number', 1),
    id: fields.runId('id'),
    state: fields.oneOf('state', finalStates),
    outcome: fields.oneOf('outcome', outcomeNames),
    ref: fields.refOrNull('ref'),
    sha: fields.shaOrNull('sha'),
    createdAt: fields.time('created_at'),
    finishedAt: fields.time('finished_at'),
  }));
};

/** `number.yml`: the last number given, and the run it was given to. */
export type NumberRecord = { readonly number: number; readonly id: RunId };

export const numberText = (given: NumberRecord): string => writeYaml({ number: given.number, id: given.id });

export const parseNumber = (text: string): Parsed<NumberRecord> =>
  parse(text, (fields) => ({ number: fields.integer('number', 1), id: fields.runId('id') }));

/** What the owner of an active run is asked to do. */
export type StopRequest = { readonly kind: 'cancel' } | { readonly kind: 'replace'; readonly by: RunId };

export const requestText = (request: StopRequest): string => writeYaml({ ...request });

export const parseRequest = (text: string): Parsed<StopRequest> =>
  parse<StopRequest>(text, (fields) =>
    fields.oneOf('kind', ['cancel', 'replace']) === 'replace'
      ? { kind: 'replace', by: fields.runId('by') }
      : { kind: 'cancel' },
  );

/** An event as the hook's shell script leaves it. `stdin` has the lines git gave, `options` the push options. */
export type EventText = {
  readonly at: string | null;
  readonly pusher: OutsideText;
  readonly stdin: Buffer;
  readonly options: Buffer;
};

export const parseEvent = (text: string): Parsed<EventText> => {
  const data = parseYaml(text);
  if (!data.ok) return data;
  const read = readFields(data.value, (fields) => ({
    at: fields.textOrNull('at'),
    pusher: fields.has('pusher') ? fields.outside('pusher') : { text: '', bytes: null },
    stdin: fields.bytesOrNull('stdin64'),
    options: fields.bytesOrNull('options64'),
  }));
  if (!read.ok) return read;
  const { stdin, options, ...rest } = read.value;
  if (stdin === null) return err("'stdin64' is missing");
  return { ok: true, value: { ...rest, stdin: Buffer.from(stdin), options: Buffer.from(options ?? []) } };
};
