import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId, RunId } from '../../lib/base/ids.ts';
import { self } from '../../lib/process/identity.ts';
import {
  badEvents,
  claim,
  claimPipeline,
  endPending,
  finish,
  inQueue,
  isPaused,
  journal,
  listPending,
  pause,
  publish,
  type RunDraft,
  readRequest,
  readRun,
  recordPipelines,
  resume,
  runIdOf,
  type StopRequest,
  type Store,
  settle,
  stateOfRun,
  stopRun,
  takeEvents,
  watchRequests,
} from '../../lib/store/store.ts';
import { bad, draft, ended, good, jobs, nothingToShow, put, putOne, take, withStore } from './place.ts';

const test = suite('store/queue');

const replacing = async (store: Store, ...drafts: RunDraft[]) =>
  good(await inQueue(store, (queue) => publish(queue, drafts, { replace: true })));

const spool = (store: Store, name: string, text: string): void =>
  fs.writeFileSync(join(store.root, 'inbox', name), text);

const event = 'at: "2026-11-21T09:00:00.000Z"\npusher: "ada"\nstdin64: "YSBiIGM="\noptions64: ""\n';

test(
  'events come in name order; what is no event is set aside and named',
  withStore(async ({ store }) => {
    spool(store, '1763715600000000002-b.yml', event);
    spool(
      store,
      '1763715600000000001-a.yml',
      "# by hand\nat: '2026-11-21T09:00:00Z'\nstdin64: |\n  YSBi\n  IGM=\n",
    );
    spool(
      store,
      '1763715600123000003-c.yml',
      event.replace('2026-11-21T09:00:00.000Z', '2026-11-21T09:00:00.%3NZ'),
    );
    spool(store, '1763715600000000004-d.yml', 'stdin64: [1]\n');
    spool(store, '1763715600000000005-e.yml', '['.repeat(20_000));
    spool(store, '1763715600000000006-f.yml', '');
    spool(store, '.tmp-half', 'at: "2026');
    const { events, bad: refused } = good(await inQueue(store, takeEvents));
    assert.equal(
      events.map(({ name }) => name.slice(-5)),
      ['a.yml', 'b.yml', 'c.yml'],
    );
    assert.is(events[0]?.stdin.toString(), 'a b c');
    assert.is(events[2]?.at, 1763715600123);
    assert.equal(
      refused.map(({ name }) => name.slice(-5)),
      ['d.yml', 'e.yml', 'f.yml'],
    );
    assert.equal(
      badEvents(store).map((name) => name.slice(-5)),
      ['d.yml', 'e.yml', 'f.yml'],
    );
    assert.ok(fs.existsSync(join(store.root, 'inbox/.tmp-half')));
    const [first] = events;
    if (first !== undefined) assert.is(runIdOf(first, 0), runIdOf(first, 0));
  }),
);

test(
  'numbers follow the order of arrival, also past a lost number.yml',
  withStore(async ({ store }) => {
    await put(store, draft(5, 'refs/heads/a'), draft(4, 'refs/heads/b'), draft(5, 'refs/heads/a'));
    good(await finish(await take(store, draft(5).id), ended('succeeded'), nothingToShow));
    fs.rmSync(join(store.root, 'runs/number.yml'));
    await putOne(store, 3);
    fs.writeFileSync(join(store.root, 'runs/number.yml'), 'number: "many"\n');
    await putOne(store, 2);
    const order = good(await listPending(store)).runs.map(({ id, number }) => [id, number]);
    assert.equal(order, [
      [draft(4).id, 2],
      [draft(3).id, 3],
      [draft(2).id, 4],
    ]);
    assert.is(good(await readRun(store, draft(5).id)).meta.number, 1);
  }),
);

test(
  'a number whose run never came is given again',
  withStore(async ({ store }) => {
    await putOne(store, 1);
    fs.writeFileSync(join(store.root, 'runs/number.yml'), `number: 9\nid: "${draft(9).id}"\n`);
    await putOne(store, 2);
    assert.is(good(await readRun(store, draft(2).id)).meta.number, 2);
  }),
);

test(
  'a newer run takes the place of the older ones of its ref, and of no other',
  withStore(async ({ store }) => {
    const active = await take(store, await putOne(store, 1));
    const waiting = await putOne(store, 2);
    const other = await putOne(store, 3, 'refs/heads/other');
    const done = await replacing(store, draft(4), draft(5));
    assert.equal(done.replaced, [waiting, draft(4).id]);
    assert.equal(done.asked, [active.id]);
    assert.equal(await readRequest(active), { kind: 'replace', by: draft(4).id });
    assert.is(good(await readRun(store, waiting)).outcome?.replacedBy, draft(4).id);
    assert.is(good(await readRun(store, draft(4).id)).outcome?.replacedBy, draft(5).id);
    assert.is(stateOfRun(store, other), 'pending');
    const again = await replacing(store, draft(4), draft(5));
    assert.equal(
      again.runs.map(({ isNew }) => isNew),
      [false, false],
    );
    assert.equal(again.replaced, []);
  }),
);

test(
  'refs that only look alike are different refs',
  withStore(async ({ store }) => {
    const ref = 'refs/heads/\ufffd';
    await replacing(store, draft(1, ref, { refBytes: Uint8Array.of(0xff) }));
    const done = await replacing(store, draft(2, ref, { refBytes: Uint8Array.of(0xfe) }));
    assert.equal(done.replaced, []);
  }),
);

test(
  'the owner hears the first request, and only that',
  withStore(async ({ store }) => {
    const claimed = await take(store, await putOne(store, 1));
    const heard = new Promise<StopRequest>((tell) => watchRequests(claimed, tell));
    const cancel = () => inQueue(store, (queue) => stopRun(queue, claimed.id, { kind: 'cancel' }));
    assert.is(good(await cancel()), 'asked');
    // Waiting for a request keeps no process alive; the work it may end does.
    const work = setTimeout(() => {}, 5000);
    assert.equal(await heard, { kind: 'cancel' });
    clearTimeout(work);
    good(await inQueue(store, (queue) => stopRun(queue, claimed.id, { kind: 'replace', by: draft(2).id })));
    assert.equal(await readRequest(claimed), { kind: 'cancel' });
    good(await finish(claimed, ended('canceled'), nothingToShow));
    assert.equal(bad(await cancel()), { reason: 'not-here', id: claimed.id, state: 'canceled' });
  }),
);

test(
  'a run that a living process evaluates is not claimed; a dead one does not hold it up',
  withStore(async ({ store }) => {
    await put(store, draft(1, 'refs/heads/a', { evaluator: self() }));
    await put(store, draft(2, 'refs/heads/b', { evaluator: { ...self(), start: 1 } }));
    const { id } = draft(1);
    assert.is(bad(await inQueue(store, (queue) => claim(queue, id, self()))).reason, 'evaluating');
    await take(store, draft(2).id);
    good(await recordPipelines(store, [{ id, pipeline: jobs('a') }]));
    await take(store, id);
    const late = good(await recordPipelines(store, [{ id, pipeline: jobs('a') }]));
    assert.equal(late, [{ moved: 'active' }]);
  }),
);

test(
  'a run whose pipeline has faults is left to who found them, and is not begun',
  withStore(async ({ store }) => {
    await put(store, draft(1, 'refs/heads/a', { evaluator: self() }));
    const { id } = draft(1);
    good(await recordPipelines(store, [{ id, pipeline: { kind: 'diagnostics', diagnostics: [] } }]));
    assert.is(bad(await inQueue(store, (queue) => claim(queue, id, self()))).reason, 'evaluating');
  }),
);

test(
  'a run that ends while its pipeline is recorded leaves no job pending, and is not made again where it was',
  withStore(async ({ store }) => {
    const id = await putOne(store, 1);
    good(await recordPipelines(store, [{ id, pipeline: jobs('late', 'later') }]));
    good(await inQueue(store, (queue) => endPending(queue, id, ended('canceled'))));
    // As if both had been written after the end had looked for jobs, and before the run moved.
    const job = (name: string): string => join(store.root, 'runs/canceled', id, 'jobs', name, 'job.yml');
    fs.writeFileSync(job('late'), fs.readFileSync(job('late'), 'utf8').replace(/"canceled"/g, '"pending"'));
    fs.rmSync(job('later'));
    let shown: string[] = [];
    const show = async (): Promise<boolean> => {
      shown = good(await readRun(store, id)).jobs.map(({ state }) => state);
      return true;
    };
    good(await settle(store, id, show));
    assert.equal(shown, ['canceled', 'canceled']);
    const moved = good(await recordPipelines(store, [{ id, pipeline: jobs('a') }]));
    assert.equal(moved, [{ moved: 'canceled' }]);
    assert.equal(fs.readdirSync(join(store.root, 'runs/pending')), []);
  }),
);

test(
  'a rerun takes over what is not run again, as it was',
  withStore(async ({ store, clock }) => {
    const first = await take(store, await putOne(store, 1));
    good(await claimPipeline(first, jobs('build', 'test')));
    const records = journal(first, { trouble: ({ code }) => assert.unreachable(code) });
    const at = '2026-11-21T10:00:00.000Z' as never;
    const end = { event: 'job-finished', at, reason: null, error: null, exit: 0 } as const;
    records.hear({ ...end, job: 'build' as JobId, state: 'complete', outputs: { version: 'x' } });
    records.hear({ ...end, job: 'test' as JobId, state: 'failed', outputs: null });
    good(await finish(first, ended('failed-job'), nothingToShow));
    clock.now += 1000;
    await put(store, draft(2, undefined, { takeOver: { from: first.id, jobs: ['build' as JobId] } }));
    const second = await take(store, draft(2).id);
    good(await claimPipeline(second, jobs('build', 'test')));
    const { jobs: recorded } = good(await readRun(store, second.id));
    assert.equal(
      recorded.map(({ id, state }) => [id, state]),
      [
        ['build', 'complete'],
        ['test', 'pending'],
      ],
    );
    assert.ok(fs.existsSync(join(second.directory, 'jobs/build/outputs.yml')));
  }),
);

test(
  'many pushes at once: one number each, no run twice',
  withStore(async ({ store }) => {
    const all = Array.from({ length: 20 }, (_, n) => putOne(store, n + 1, `refs/heads/b${n}`));
    const ids = await Promise.all(all);
    const queue = good(await listPending(store)).runs;
    assert.equal(
      queue.map(({ number }) => number),
      ids.map((_, n) => n + 1),
    );
    assert.is(new Set<RunId>(queue.map(({ id }) => id)).size, 20);
  }),
);

test(
  'a paused queue says so until it is resumed',
  withStore(({ store }) => {
    assert.not(isPaused(store));
    good(pause(store));
    good(pause(store));
    assert.ok(isPaused(store));
    good(resume(store));
    assert.not(isPaused(store));
  }),
);

test.run();
