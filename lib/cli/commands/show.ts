/**
 * `quire show`: one run, its jobs, its times, and what went wrong.
 *
 * Must not know: where runs lie.
 */
import { shortRef, shortSha } from '../../base/ids.ts';
import { visible } from '../../base/text.ts';
import type { JobRecord, RunRecord } from '../../runs/records.ts';
import { runDocument } from '../../site/documents.ts';
import { findRun, readRun } from '../../store/store.ts';
import type { Paint } from '../colour.ts';
import { complain, storeTrouble } from '../complain.ts';
import type { Context } from '../context.ts';
import { drawRecorded } from '../diagnostics.ts';
import { type ExitCode, exits } from '../exit.ts';
import { openPlace, type Place } from '../place.ts';
import { ago, aligned, sayState, took } from '../words.ts';

export async function show(
  context: Context,
  word: string,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const place = await openPlace(context);
  if (!place.ok) return complain(context, place.error);
  const id = await findRun(place.value.store, word);
  if (!id.ok) return complain(context, storeTrouble(id.error));
  const run = await readRun(place.value.store, id.value);
  if (!run.ok) return complain(context, storeTrouble(run.error));
  const { stdout } = context;
  if (options.json) {
    stdout.write(`${JSON.stringify(runDocument(run.value), null, 2)}\n`);
    return exits.done;
  }
  const { paint } = stdout;
  stdout.write(heading(run.value, paint));
  stdout.write(
    aligned(facts(run.value, context.clock()).map(([name, value]) => [paint('dim', name), value])),
  );
  if (run.value.jobs.length > 0) {
    stdout.write(`\n${aligned(run.value.jobs.map((job) => jobRow(job, context.clock(), paint)))}`);
  }
  stdout.write(await problems(context, place.value, run.value));
  return exits.done;
}

const heading = ({ meta, state }: RunRecord, paint: Paint): string =>
  `${paint('bold', `Run ${meta.number}`)}  ${sayState(state, paint)}  ${visible(meta.subject.text)}\n`;

function facts({ meta, times, outcome, pipeline, container }: RunRecord, now: number): [string, string][] {
  const rows: [string, string | null][] = [
    ['ref', `${visible(shortRef(meta.ref))} ${shortSha(meta.sha)}`],
    ['author', visible(meta.author.text)],
    ['pushed', `${ago(meta.pushedAt, now)} by ${visible(meta.pusher.text)}`],
    ['started', times.startedAt === null ? null : ago(times.startedAt, now)],
    ['took', took(times.startedAt, times.finishedAt, now)],
    ['outcome', outcome === null || outcome.outcome === 'succeeded' ? null : outcome.outcome],
    ['why', outcome?.error == null ? null : visible(outcome.error)],
    ['replaced by', outcome?.replacedBy ?? null],
    ['rerun of', meta.rerunOf],
    [
      'variables',
      Object.entries(meta.variables)
        .map(([key, value]) => `${key}=${visible(value)}`)
        .join(' '),
    ],
    ['image', pipeline?.kind === 'jobs' && pipeline.image !== null ? visible(pipeline.image) : null],
    ['container', container?.containerId?.slice(0, 12) ?? null],
    ['id', meta.id],
  ];
  return rows.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]]));
}

const jobRow = (job: JobRecord, now: number, paint: Paint): string[] => [
  visible(job.id),
  sayState(job.state, paint),
  paint('dim', took(job.startedAt, job.finishedAt, now)),
  // That it timed out is what its error says, and after how long.
  [
    job.reason === 'timeout' && job.error !== null ? null : job.reason,
    job.error,
    job.attempt > 1 ? `attempt ${job.attempt}` : null,
  ]
    .flatMap((part) => (part === null ? [] : [visible(part)]))
    .join('; '),
];

async function problems(context: Context, place: Place, { pipeline, meta }: RunRecord): Promise<string> {
  if (pipeline?.kind !== 'diagnostics') return '';
  return `\n${await drawRecorded(place.gitDir, meta.sha, pipeline.diagnostics, context.stdout.colours)}`;
}
