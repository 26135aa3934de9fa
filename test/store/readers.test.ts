import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import { claimPipeline, finish, inQueue, journal, stopRun } from '../../lib/store/store.ts';
import { ended, good, jobs, nothingToShow, putOne, take, withStore } from './place.ts';

const test = suite('store/readers');

const loop = fileURLToPath(new URL('./reader-loop.ts', import.meta.url));
const transitions = 1000;

test(
  `a reader beside ${transitions} transitions sees no half record and misses no run`,
  withStore(async ({ store, root }) => {
    const reader = spawn(process.execPath, ['--import', 'tsx', loop, root], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    reader.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await once(reader.stdout, 'data');
    for (let n = 1, made = 0; made < transitions; n += 1) {
      const id = await putOne(store, n);
      if (n % 4 === 0) {
        good(await inQueue(store, (queue) => stopRun(queue, id, { kind: 'cancel' })));
        made += 2;
        continue;
      }
      const claimed = await take(store, id);
      good(await claimPipeline(claimed, jobs('build')));
      const records = journal(claimed, { trouble: ({ code }) => assert.unreachable(code) });
      const at = '2026-11-21T10:00:00.000Z' as never;
      records.hear({ event: 'job-started', at, job: 'build' as JobId, attempt: 1 });
      const end = { state: 'complete', reason: null, error: null, exit: 0, outputs: { n } } as const;
      records.hear({ event: 'job-finished', at, job: 'build' as JobId, ...end });
      records.close();
      good(await finish(claimed, ended('succeeded'), nothingToShow));
      made += 3;
    }
    reader.stdin.end();
    await once(reader, 'close');
    const report = JSON.parse(said.split('\n')[1] ?? '');
    assert.equal(report.problems, []);
    assert.ok(report.reads > 100, `${report.reads} reads`);
  }),
);

test.run();
