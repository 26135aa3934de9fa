/**
 * What the store costs: a log beside a plain pipe to a file, a large push, a long history.
 *
 * node --import tsx test/bench/store.ts [log|push|history]
 * Must not know: the runner. Prints figures, asserts nothing; only ratios carry over to another machine.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestamp } from '../../lib/base/clock.ts';
import type { JobId } from '../../lib/base/ids.ts';
import { metaText, outcomeText, timesText } from '../../lib/store/records.ts';
import {
  inQueue,
  journal,
  openStore,
  prepareStore,
  publish,
  readHistory,
  readLogIn,
  rebuildHistory,
  recordPipelines,
  settle,
} from '../../lib/store/store.ts';
import { draft, ended, good, jobs, nothingToShow, put } from '../store/place.ts';

const mebibyte = 1024 * 1024;
const root = fs.mkdtempSync(join(tmpdir(), 'quire-bench-'));
const ms = (since: number): string => `${Math.round(performance.now() - since)} ms`;
const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Pipes a command's output into `hear`; milliseconds. */
async function pour(command: string, hear: (chunk: Buffer) => void): Promise<number> {
  const start = performance.now();
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.on('data', hear);
  await new Promise((done) => child.on('close', done));
  return performance.now() - start;
}

async function benchLog(): Promise<void> {
  const line = '[1234/5678] compiling src/some/file/name.c into build/name.o "with flags" -O2 -g -Wall';
  for (const [name, text] of [
    ['lines of 87', line],
    ['lines of 1', 'y'],
    ['UTF-8', '✓ größer als ßß — čšž ✓ ok'],
  ] as const) {
    const command = `yes '${text}' | head -c ${200 * mebibyte}`;
    const floors: number[] = [];
    const logs: number[] = [];
    let peak = 0;
    for (let round = 0; round < 3; round += 1) {
      const out = fs.openSync(join(root, 'floor'), 'w');
      floors.push(await pour(command, (chunk) => fs.writeSync(out, chunk)));
      fs.closeSync(out);
      const directory = fs.mkdtempSync(join(root, 'run-'));
      const records = journal(
        { directory, modes: { file: 0o600, directory: 0o700 } },
        { trouble: console.error },
      );
      const job = 'build' as JobId;
      logs.push(
        await pour(command, (bytes) => {
          records.hear({ event: 'output', at: timestamp(0), job, sh: 1, stream: 'out', bytes, t: 1 });
          peak = Math.max(peak, process.memoryUsage.rss());
        }),
      );
      records.close();
      if (round === 0) {
        const start = performance.now();
        let bytes = 0;
        for (const entry of readLogIn(directory, job))
          if (entry.kind === 'output') bytes += entry.bytes.length;
        console.log(`log, ${name}: read back ${bytes / mebibyte} MiB in ${ms(start)}`);
      }
      fs.rmSync(directory, { recursive: true });
    }
    const [floor, log] = [median(floors), median(logs)];
    console.log(
      `log, ${name}: 200 MiB pipe to file ${Math.round(floor)} ms, to log.yml ${Math.round(log)} ms, ` +
        `ratio ${(log / floor).toFixed(2)}, peak ${Math.round(peak / mebibyte)} MiB`,
    );
  }
}

async function benchPush(): Promise<void> {
  const store = openStore(join(root, 'push'));
  good(prepareStore(store));
  const drafts = Array.from({ length: 5000 }, (_, n) => draft(n + 1, `refs/heads/b${n}`));
  let start = performance.now();
  good(await inQueue(store, (queue) => publish(queue, drafts, { replace: true })));
  console.log(`push of 5,000 refs: published in ${ms(start)}`);
  start = performance.now();
  const evaluated = drafts.map(({ id }) => ({ id, pipeline: jobs('a', 'b', 'c', 'd', 'e') }));
  good(await recordPipelines(store, evaluated));
  console.log(`their pipelines of five jobs: recorded in ${ms(start)}`);
  start = performance.now();
  good(await inQueue(store, (queue) => publish(queue, drafts, { replace: true })));
  console.log(`the same event again: ${ms(start)}`);
  const later = drafts.map((old, n) => ({ ...draft(n + 10_001, old.ref) }));
  start = performance.now();
  const again = good(await inQueue(store, (queue) => publish(queue, later, { replace: true })));
  console.log(`a second push of the same refs: ${again.replaced.length} replaced in ${ms(start)}`);
}

/** Finished runs written directly: making them one by one through the queue is not what is measured. */
function finishedRuns(store: ReturnType<typeof openStore>, from: number, to: number): void {
  for (let n = from; n <= to; n += 1) {
    const { evaluator: _e, takeOver: _t, ...meta } = draft(n);
    const directory = join(store.root, 'runs/complete', meta.id);
    const at = timestamp(Date.parse(meta.pushedAt));
    fs.mkdirSync(directory);
    fs.writeFileSync(join(directory, 'meta.yml'), metaText({ ...meta, number: n }));
    fs.writeFileSync(
      join(directory, 'times.yml'),
      timesText({ createdAt: at, startedAt: at, finishedAt: at }),
    );
    fs.writeFileSync(join(directory, 'outcome.yml'), outcomeText(ended('succeeded')));
  }
}

async function benchHistory(): Promise<void> {
  const store = openStore(join(root, 'history'));
  good(prepareStore(store));
  let made = 0;
  for (const size of [100, 10_000, 100_000]) {
    finishedRuns(store, made + 1, size);
    made = size;
    const start = performance.now();
    good(await rebuildHistory(store));
    const rebuilt = ms(start);
    const [id] = good(await readHistory(store, { newest: 1 })).lines.map((line) => line.id);
    if (id === undefined) throw new Error('an empty history');
    const [settles, pages, pushes]: number[][] = [[], [], []];
    for (let round = 0; round < 9; round += 1) {
      const start = performance.now();
      good(await settle(store, id, nothingToShow));
      settles?.push(performance.now() - start);
      const page = performance.now();
      good(await readHistory(store, { newest: 50 }));
      pages?.push(performance.now() - page);
      const push = performance.now();
      await put(store, draft(1_000_000 + made + round));
      pushes?.push(performance.now() - push);
    }
    console.log(
      `history of ${size}: rebuild ${rebuilt}, settle ${median(settles ?? []).toFixed(1)} ms, ` +
        `newest 50 ${median(pages ?? []).toFixed(1)} ms, a push ${median(pushes ?? []).toFixed(1)} ms`,
    );
  }
}

const benches = { log: benchLog, push: benchPush, history: benchHistory } as const;

async function main(): Promise<void> {
  const wanted = process.argv[2];
  try {
    for (const [name, bench] of Object.entries(benches))
      if (wanted === undefined || wanted === name) await bench();
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

void main();
