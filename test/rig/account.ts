/**
 * What a run came to, read from its files: everything that two runs of one commit must have in common.
 *
 * Must not know: where the run happened.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Entry = { [key: string]: unknown };

export type JobAccount = Entry & { readonly id: string; readonly log: readonly Entry[] };

export type Account = {
  readonly image: unknown;
  readonly outcome: unknown;
  readonly error: unknown;
  readonly jobs: readonly JobAccount[];
  readonly log: readonly Entry[];
};

/** The account of a run's directory. Times are left out, and how the output was cut into entries. */
export function accountOf(directory: string): Account {
  const record = (...path: string[]): Entry => parse(fs.readFileSync(join(directory, ...path), 'utf8'));
  const { jobs, image } = record('pipeline.yml') as { jobs: Entry[]; image: unknown };
  const { outcome, error } = record('outcome.yml');
  const accounts = jobs.map(({ id, inputs, file, line }) => {
    const at = join('jobs', String(id));
    const { state, reason, exit, attempt, error: why } = record(at, 'job.yml');
    const outputs = fs.existsSync(join(directory, at, 'outputs.yml'))
      ? fs.readFileSync(join(directory, at, 'outputs.yml'), 'utf8')
      : null;
    return {
      id: String(id),
      inputs,
      file,
      line,
      state,
      reason,
      exit,
      attempt,
      error: why,
      outputs,
      log: logOf(directory, at),
    };
  });
  return { image, outcome, error, jobs: accounts, log: logOf(directory, '') };
}

/** Commands with their ends, notes, and each stream of each command in one piece. */
function logOf(directory: string, at: string): Entry[] {
  const file = join(directory, at, 'log.yml');
  const entries: Entry[] = (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.slice(2)));
  const told: Entry[] = [];
  let streams = { out: Buffer.alloc(0), err: Buffer.alloc(0) };
  for (const entry of entries) {
    const { t: _, at: __, out, err, out64, err64, ...rest } = entry;
    streams = {
      out: Buffer.concat([streams.out, bytesOf(out, out64)]),
      err: Buffer.concat([streams.err, bytesOf(err, err64)]),
    };
    if (Object.keys(rest).length === 0) continue;
    if (rest.exit !== undefined)
      told.push({ out: streams.out.toString('latin1'), err: streams.err.toString('latin1') });
    if (rest.exit !== undefined) streams = { out: Buffer.alloc(0), err: Buffer.alloc(0) };
    told.push(rest);
  }
  return told;
}

const bytesOf = (text: unknown, base64: unknown): Buffer =>
  typeof base64 === 'string'
    ? Buffer.from(base64, 'base64')
    : Buffer.from(typeof text === 'string' ? text : '');
