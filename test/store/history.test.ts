import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunId } from '../../lib/base/ids.ts';
import {
  compactHistory,
  findRun,
  finish,
  type HistoryPage,
  latestNumber,
  latestRun,
  mendHistory,
  readHistory,
  readRun,
  rebuildHistory,
  removeRun,
  type Store,
  settle,
} from '../../lib/store/store.ts';
import { bad, draft, ended, good, nothingToShow, put, putOne, take, withStore } from './place.ts';

const test = suite('store/history');

const file = (store: Store): string => join(store.root, 'runs/history.yml');
const bytes = (store: Store): string => fs.readFileSync(file(store), 'utf8');

async function finished(store: Store, n: number): Promise<RunId> {
  const claimed = await take(store, await putOne(store, n));
  good(await finish(claimed, ended('succeeded'), nothingToShow));
  return claimed.id;
}

const numbers = async (store: Store, options = { newest: 100 }): Promise<(number | null)[]> =>
  good(await readHistory(store, options)).lines.map(({ number }) => number);

test(
  'it is in order of end, whoever was faster to write, and a rebuild gives the same bytes',
  withStore(async ({ store, clock }) => {
    const claims = [];
    for (let n = 1; n <= 4; n += 1) claims.push(await take(store, await putOne(store, n)));
    // The second ends last, the fourth's clock jumps back, two end in the same millisecond.
    for (const [index, at] of [
      [1, 5000],
      [3, 100],
      [2, 300],
      [0, 300],
    ] as const) {
      clock.now = Date.parse('2026-11-21T11:00:00.000Z') + at;
      const claimed = claims[index];
      if (claimed !== undefined) good(await finish(claimed, ended('failed-job'), nothingToShow));
    }
    assert.equal(await numbers(store), [2, 3, 1, 4]);
    const before = bytes(store);
    for (const { id } of claims) good(await settle(store, id, nothingToShow));
    assert.is(bytes(store), before, 'settling again changes nothing');
    good(await rebuildHistory(store));
    assert.is(bytes(store), before);
  }),
);

test(
  'deleting it loses nothing: readers look at the records, the next end writes it anew',
  withStore(async ({ store }) => {
    await finished(store, 1);
    await finished(store, 2);
    const before = bytes(store);
    fs.rmSync(file(store));
    assert.equal(await numbers(store), [2, 1]);
    await finished(store, 3);
    assert.ok(bytes(store).startsWith(before));
    assert.equal(await numbers(store), [3, 2, 1]);
  }),
);

test(
  'a recovery writes a deleted one anew, the same bytes, and none where no run has ended',
  withStore(async ({ store }) => {
    good(await mendHistory(store));
    assert.not(fs.existsSync(file(store)));
    await finished(store, 1);
    await finished(store, 2);
    const before = bytes(store);
    good(await mendHistory(store));
    assert.is(bytes(store), before);
    fs.rmSync(file(store));
    good(await mendHistory(store));
    assert.is(bytes(store), before);
  }),
);

test(
  'a torn last line is ignored by readers and cut off by the next writer',
  withStore(async ({ store }) => {
    await finished(store, 1);
    fs.appendFileSync(file(store), '- {"number": 2, "id": "01a1');
    assert.equal(await numbers(store), [1]);
    await finished(store, 2);
    assert.equal(await numbers(store), [2, 1]);
    const before = bytes(store);
    good(await rebuildHistory(store));
    assert.is(bytes(store), before);
  }),
);

test(
  'lines of runs that are gone are left out, and go when it is compacted',
  withStore(async ({ store }) => {
    const id = await finished(store, 1);
    await finished(store, 2);
    good(removeRun(store, id));
    assert.equal(await numbers(store), [2]);
    assert.ok(bytes(store).includes(id));
    good(await compactHistory(store));
    const compacted = bytes(store);
    assert.not(compacted.includes(id));
    good(await rebuildHistory(store));
    assert.is(bytes(store), compacted);
    bad(await readRun(store, id));
  }),
);

test(
  'a run that cannot be read has its line, so that it is not forgotten with a history that was deleted',
  withStore(async ({ store }) => {
    const id = await finished(store, 1);
    const other = await finished(store, 2);
    const run = join(store.root, 'runs/complete', id);
    fs.writeFileSync(join(run, 'meta.yml'), 'x: [');
    fs.rmSync(join(run, 'times.yml'));
    fs.rmSync(file(store));
    const ids = async () => good(await readHistory(store, { newest: 9 })).lines.map((line) => line.id);
    assert.equal((await ids()).sort(), [id, other].sort());
    good(await rebuildHistory(store));
    assert.equal((await ids()).sort(), [id, other].sort());
    assert.match(bytes(store), new RegExp(`"number": null, "id": "${id}", "state": "complete"`));
  }),
);

test(
  'pages follow one another, over the bounds of chunks, in any hand',
  withStore(async ({ store }) => {
    const id = await finished(store, 1);
    const own = bytes(store);
    const foreign = `- {number: 1, id: ${id}, state: complete, outcome: succeeded, ref: refs/heads/main, sha: '${'1'.repeat(40)}', created_at: "2026-11-21T10:00:00.000Z", finished_at: "2026-11-21T10:00:00.000Z"}\n`;
    const many = Array.from({ length: 1000 }, (_, n) => own.replace('"number": 1', `"number": ${n + 1}`));
    fs.writeFileSync(file(store), many.join('') + foreign);
    const seen: (number | null)[] = [];
    let before: number | null = Number.POSITIVE_INFINITY;
    while (before !== null) {
      const page: HistoryPage = good(await readHistory(store, { newest: 97, before }));
      seen.push(...page.lines.map(({ number }) => number));
      before = page.next;
    }
    assert.equal(seen, [1, ...many.map((_, n) => n + 1).reverse()]);
  }),
);

test(
  'a run is found by number, id, prefix and latest',
  withStore(async ({ store }) => {
    const over = await finished(store, 1);
    const active = (await take(store, await putOne(store, 2))).id;
    const pending = await putOne(store, 3);
    assert.is(good(await findRun(store, '1')), over);
    assert.is(good(await findRun(store, '2')), active);
    assert.is(good(await findRun(store, '3')), pending);
    assert.is(good(await findRun(store, 'latest')), pending);
    assert.is(good(await findRun(store, over.slice(0, -1))), over);
    assert.is(good(await findRun(store, over.toUpperCase())), over);
    assert.is(bad(await findRun(store, over.slice(0, 8))).reason, 'ambiguous');
    for (const word of ['4', '0', '00', over.slice(0, 1)]) {
      assert.is(bad(await findRun(store, word)).reason, 'not-found', word);
    }
    for (const word of ['', 'main', '../..', over.replace('7', '8')]) {
      assert.ok(['not-found', 'ambiguous'].includes(bad(await findRun(store, word)).reason), word);
    }
    assert.is(await latestNumber(store), 3);
    assert.is(await latestRun(store), pending);
    const digits = '01999999-0000-7000-8000-000000000000' as RunId;
    await put(store, draft(4, 'refs/heads/main', { id: digits }));
    assert.is(good(await findRun(store, '0199')), digits);
    assert.is(bad(await findRun(store, '019')).reason, 'not-found');
  }),
);

test.run();
