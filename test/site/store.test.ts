import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import type { Result } from '../../lib/base/result.ts';
import type { RunEvent } from '../../lib/runs/events.ts';
import { recordsOf } from '../../lib/site/site.ts';
import {
  claim,
  finish,
  inQueue,
  journal,
  listPending,
  openStore,
  prepareStore,
  publish,
  recordPipelines,
  settle,
} from '../../lib/store/store.ts';
import { at, idOf, place, run, tidy } from './fixtures.ts';

const test = suite('site/store');

const value = <T>(result: Result<T, unknown>): T => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};

test('a run through the store is shown at every step', async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'quire-site-store-'));
  const store = openStore(root);
  value(prepareStore(store));
  const one = place({ records: recordsOf(store), target: path.join(root, 'site') });
  const id = idOf(1);
  const shown = async (): Promise<string> => {
    value(await one.site.update([{ run: id }]));
    return `${one.page(`runs/${id}/index.html`)}${one.page(`runs/${id}/jobs/build/index.html`)}`;
  };
  try {
    value(await one.site.update([]));
    const { number, ...meta } = run({ number: 1 }).meta;
    value(
      await inQueue(store, async (queue) => {
        value(await publish(queue, [{ ...meta, evaluator: null, takeOver: null }], { replace: true }));
        const jobs = [{ id: 'build' as JobId, inputs: ['quire/push'], file: '.quire/ci.fnl', line: 1 }];
        return recordPipelines(store, [{ id, pipeline: { kind: 'jobs', image: null, jobs } }]);
      }),
    );
    assert.match(await shown(), /class="state s-pending"/);
    assert.is(value(await listPending(store)).runs.length, number);

    const owner = { pid: process.pid, start: 1, boot: 'b' };
    const claimed = value(await inQueue(store, (queue) => claim(queue, id, owner)));
    const sink = journal(claimed, { trouble: (failure) => assert.unreachable(JSON.stringify(failure)) });
    const job = 'build' as JobId;
    const hear = async (event: RunEvent): Promise<void> => void (await sink.hear(event));
    await hear({ event: 'job-started', at: at(1), job, attempt: 1 });
    await hear({ event: 'command-started', at: at(1), job, sh: 1, cmd: 'make <all>' });
    await hear({
      event: 'output',
      at: at(1),
      job,
      sh: 1,
      stream: 'out',
      bytes: Buffer.from('ünïcode ✓\n'),
      t: 5,
    });
    await hear({ event: 'command-finished', at: at(2), job, sh: 1, exit: 3, signal: null, t: 900 });
    await hear({
      event: 'job-finished',
      at: at(2),
      job,
      state: 'failed',
      reason: null,
      error: 'command 1 exited 3',
      exit: 3,
      outputs: null,
    });
    sink.close();
    const during = await shown();
    assert.match(during, /class="state s-active"/);
    assert.match(during, /make &lt;all&gt;/);
    assert.match(during, /ünïcode ✓/);

    let published = 0;
    value(
      await finish(claimed, { outcome: 'failed-job', error: null, replacedBy: null }, async () => {
        published += 1;
        await shown();
        return true;
      }),
    );
    value(await settle(store, id, async () => true));
    assert.ok(published >= 1);
    assert.match(one.page(`runs/${id}/index.html`), /class="state s-failed"/);
    assert.match(
      one.page(`runs/${id}/jobs/build/log.txt`),
      /^\$ make <all>\nünïcode ✓\n\[exit 3 after 900 ms\]\n$/,
    );

    const other = place({ records: recordsOf(store) });
    value(await other.site.rebuild());
    assert.equal(one.all(), other.all());
    tidy(other.target);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
});

test.run();
