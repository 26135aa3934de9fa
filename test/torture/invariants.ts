/**
 * What must be true of a repository when nobody works on it, told from its files and its git alone.
 *
 * Must not know: what was done to it.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Forge } from '../rig/forge.ts';
import { listStates, readLog, type State, states } from './reader.ts';

/** Updates that a hook after quire's own spool has seen: those events are in the inbox for good. */
export const spooledLog = 'spooled';
/** The one branch that is deleted, and its reflog with it. */
export const passingBranch = 'refs/heads/passing';

type Times = { created_at: string; started_at: string | null; finished_at: string | null };

type Known = {
  readonly id: string;
  readonly state: State;
  readonly meta: { number: number; ref: string; sha: string; reason: string };
  readonly outcome: { outcome: string; replaced_by: string | null };
};

const outcomes: Readonly<Record<string, readonly string[]>> = {
  complete: ['succeeded'],
  failed: ['failed-job', 'failed-pipeline', 'failed-internal', 'failed-orphaned', 'failed-timeout'],
  replaced: ['replaced'],
  canceled: ['canceled'],
};

/** All that is wrong, one sentence each. */
export function violationsOf(forge: Forge): string[] {
  const wrong: string[] = [];
  const runs = readRuns(forge.data, wrong);
  checkNumbers(runs, wrong);
  checkReplaced(runs, wrong);
  checkUpdates(forge, runs, wrong);
  checkShown(forge.data, runs, wrong);
  checkLeftovers(forge.data, wrong);
  return wrong;
}

function readRuns(data: string, wrong: string[]): Known[] {
  const count = new Map<string, number>();
  for (const state of states)
    for (const id of fs.readdirSync(join(data, 'runs', state)))
      if (!id.startsWith('.')) count.set(id, (count.get(id) ?? 0) + 1);
  for (const [id, places] of count) if (places !== 1) wrong.push(`run ${id} is in ${places} states`);
  const runs: Known[] = [];
  for (const [id, state] of listStates(data)) {
    const directory = join(data, 'runs', state, id);
    const record = (file: string) => parse(fs.readFileSync(join(directory, file), 'utf8'));
    if (state === 'pending' || state === 'active') {
      wrong.push(`run ${id} is ${state}, and nobody works`);
      continue;
    }
    try {
      const [meta, outcome, times] = ['meta.yml', 'outcome.yml', 'times.yml'].map(record);
      runs.push({ id, state, meta, outcome });
      if (!outcomes[state]?.includes(outcome.outcome))
        wrong.push(`run ${id} is ${state} with ${outcome.outcome}`);
      checkTimes(id, times, wrong);
      if (fs.existsSync(join(directory, 'pipeline.yml')))
        checkJobs(id, directory, record('pipeline.yml').jobs ?? [], wrong);
    } catch (error) {
      wrong.push(`run ${id} (${state}) can't be read: ${error}`);
    }
  }
  return runs;
}

function checkTimes(id: string, { created_at, started_at, finished_at }: Times, wrong: string[]): void {
  if (finished_at === null) wrong.push(`run ${id} has no end`);
  const stamps = [created_at, started_at, finished_at].filter((at) => at !== null);
  if (stamps.some((at, n) => n > 0 && at < (stamps[n - 1] ?? '')))
    wrong.push(`the times of run ${id} go back: ${stamps.join(' ')}`);
}

function checkJobs(id: string, directory: string, jobs: readonly { id: string }[], wrong: string[]): void {
  for (const { id: job } of jobs) {
    const record = parse(fs.readFileSync(join(directory, 'jobs', job, 'job.yml'), 'utf8'));
    if (record.state === 'pending' || record.state === 'active')
      wrong.push(`run ${id} is over, and its job ${job} is ${record.state}`);
    readLog(join(directory, 'jobs', job, 'log.yml'));
  }
}

function checkNumbers(runs: readonly Known[], wrong: string[]): void {
  const numbers = runs.map(({ meta }) => meta.number).sort((a, b) => a - b);
  const expected = numbers.map((_, at) => at + 1);
  if (numbers.join() !== expected.join())
    wrong.push(`numbers are not 1 … ${numbers.length}: ${numbers.join(' ')}`);
}

function checkReplaced(runs: readonly Known[], wrong: string[]): void {
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const { id, state, meta, outcome } of runs) {
    if (state !== 'replaced') continue;
    const by = byId.get(outcome.replaced_by ?? '');
    if (by === undefined || by.meta.ref !== meta.ref || by.meta.number <= meta.number)
      wrong.push(`run ${id} was replaced by ${outcome.replaced_by}, which is no newer run of its ref`);
  }
}

/** Each update that was spooled has exactly one run, if it is to have one; each run of a push is of an update. */
function checkUpdates(forge: Forge, runs: readonly Known[], wrong: string[]): void {
  const made = new Map<string, number>();
  for (const { meta } of runs) {
    if (meta.reason !== 'push') continue;
    const key = `${meta.sha} ${meta.ref}`;
    made.set(key, (made.get(key) ?? 0) + 1);
  }
  for (const [key, count] of made) if (count > 1) wrong.push(`the update ${key} made ${count} runs`);
  const log = join(forge.home, spooledLog);
  const spooled = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
  const wanted = new Map<string, boolean>();
  for (const line of spooled) {
    const [, sha = '', ref = ''] = line.split(' ');
    if (/^0+$/.test(sha)) continue;
    const commit = forge.git(forge.repo, 'rev-parse', `${sha}^{commit}`).trim();
    if (!wanted.has(commit)) wanted.set(commit, hasRun(forge, commit));
    if (wanted.get(commit) === made.has(`${commit} ${ref}`)) continue;
    wrong.push(
      `the update ${commit} ${ref} ${wanted.get(commit) ? 'has no run' : 'has a run and should have none'}`,
    );
  }
  const updates = reflogs(forge.repo);
  for (const key of made.keys()) {
    if (!key.endsWith(` ${passingBranch}`) && !key.includes(' refs/tags/') && !updates.has(key))
      wrong.push(`a run of ${key}, which git knows nothing of`);
  }
}

function hasRun(forge: Forge, commit: string): boolean {
  const subject = forge.git(forge.repo, 'log', '-1', '--format=%s', commit);
  const files = forge.git(forge.repo, 'ls-tree', '--name-only', commit, '.quire/');
  return !subject.includes('[skip ci]') && files.includes('ci.fnl');
}

/** `<new sha> <ref>` of all updates that git wrote down. */
function reflogs(repo: string): Set<string> {
  const logs = join(repo, 'logs', 'refs', 'heads');
  const all = new Set<string>();
  for (const name of fs.readdirSync(logs))
    for (const line of fs.readFileSync(join(logs, name), 'utf8').split('\n'))
      all.add(`${line.split(' ')[1]} refs/heads/${name}`);
  return all;
}

/** `latest`, the history and the site say what the records say. */
function checkShown(data: string, runs: readonly Known[], wrong: string[]): void {
  const lines = fs
    .readFileSync(join(data, 'runs', 'history.yml'), 'utf8')
    .split('\n')
    .filter(Boolean);
  const history = new Map<string, State>();
  for (const line of lines) {
    const { id, state } = JSON.parse(line.slice(2));
    if (history.has(id)) wrong.push(`run ${id} is in the history twice`);
    history.set(id, state);
  }
  for (const { id, state } of runs) {
    if (history.get(id) !== state) wrong.push(`run ${id} is ${state}, in the history ${history.get(id)}`);
    const page = join(data, 'site', 'runs', id, 'run.json');
    const shown = fs.existsSync(page) ? JSON.parse(fs.readFileSync(page, 'utf8')).state : 'not shown';
    if (shown !== state) wrong.push(`run ${id} is ${state}, on the site ${shown}`);
  }
  const newest = [...runs].sort((a, b) => b.meta.number - a.meta.number)[0];
  const latest = newest === undefined ? null : fs.readlinkSync(join(data, 'runs', 'latest'));
  if (newest !== undefined && latest !== `${newest.state}/${newest.id}`)
    wrong.push(`latest is ${latest}, the newest run ${newest.state}/${newest.id}`);
}

function checkLeftovers(data: string, wrong: string[]): void {
  const left = (where: string, ...but: string[]): void => {
    const names = fs
      .readdirSync(join(data, where))
      .filter((name) => !but.includes(name) && !name.startsWith('.tmp-'));
    if (names.length > 0) wrong.push(`left in ${where}: ${names.slice(0, 3).join(' ')}`);
  };
  left('inbox', 'bad', '.mirror');
  left('inbox/bad');
  left('work');
  left('runs/.unsettled');
  const strays = fs.readdirSync(join(data, 'runs', 'pending'));
  if (strays.length > 0) wrong.push(`left in runs/pending: ${strays.join(' ')}`);
}
