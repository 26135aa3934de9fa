import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import type { JobLine } from '../../lib/runs/records.ts';
import { listPage, newestPage, pageOf, refDirectory, rootFrom, runPage } from '../../lib/site/addresses.ts';
import { graphOf } from '../../lib/site/graph.ts';
import { badgeOf, rowView, trendOf } from '../../lib/site/list-pages.ts';
import { sayBytes } from '../../lib/site/log-files.ts';
import { escaped } from '../../lib/site/render.ts';
import { cut, newestOfRefs, rowOf, verdictOf } from '../../lib/site/row.ts';
import { momentOf, nameOf, sayList, spanOf } from '../../lib/site/words.ts';
import { at, idOf, type RunSketch, run } from './fixtures.ts';

const test = suite('site/pages');

const row = (sketch: RunSketch) => rowOf(run(sketch));

const numbers: readonly (readonly [number: number, page: number, newest: number])[] = [
  [1, 1, 1],
  [49, 1, 1],
  [50, 1, 2],
  [51, 2, 2],
  [100, 2, 3],
];
for (const [number, page, newest] of numbers) {
  test(`run ${number} is on page ${page}; when it is the latest, page ${newest} is the newest`, () => {
    assert.is(pageOf(number), page);
    assert.is(newestPage(number), newest);
  });
}

test('addresses carry no state and lead back to the root', () => {
  assert.is(rootFrom('index.html'), '');
  assert.is(rootFrom(listPage(3)), '../');
  assert.is(rootFrom(runPage(idOf(1))), '../../');
  assert.is(refDirectory('refs/heads/main'), 'refs/main');
  assert.match(refDirectory('refs/tags/v1.0'), /^refs\/tags-v1\.0-[0-9a-f]{8}$/);
  assert.match(refDirectory('refs/heads/../../etc'), /^refs\/[^/]+$/);
});

const lists: readonly (readonly [names: string[], said: string])[] = [
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
];
for (const [names, said] of lists) test(`said: ${said}`, () => assert.is(sayList(names), said));

const authors: readonly (readonly [author: string, name: string])[] = [
  ['Ada Lovelace <ada@example.org>', 'Ada Lovelace'],
  ['<ada@example.org>', '<ada@example.org>'],
  ['no mail', 'no mail'],
  ['', ''],
];
for (const [author, name] of authors) test(`author: ${author}`, () => assert.is(nameOf(author), name));

const escapes: readonly (readonly [text: string, html: string])[] = [
  ['a < b & "c" > \'d\'', 'a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;'],
  ['tab\tand\nline', 'tab\tand\nline'],
  ['\u202e\u2028\u0000\ufeff', '\\u202e\\u2028\\u0000\\ufeff'],
  ['\u061c\uffff', '\\u061c\\uffff'],
  ['\ud800 and \u{1f600}', '\ufffd and \u{1f600}'],
];
for (const [text, html] of escapes) test(JSON.stringify(text), () => assert.is(escaped(text), html));

test('times are said in UTC; a stamp that is none is shown as it is', () => {
  assert.equal(momentOf('2026-11-21T10:00:01.123Z'), {
    iso: '2026-11-21T10:00:01.123Z',
    text: '21 Nov 2026, 10:00',
    precise: '21 Nov 2026, 10:00:01',
  });
  assert.is(momentOf('<yesterday>').text, '<yesterday>');
  assert.equal(spanOf(at(0), at(61.5)), { text: '1 min 2 s', since: null });
  assert.is(spanOf(at(0), null).since, at(0));
  assert.is(spanOf(null, null).text, '');
});

test('sizes', () => {
  assert.equal([0, 999, 1000, 1_234_567, 268_435_456].map(sayBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 MB',
    '268.4 MB',
  ]);
});

test('text of any length is cut between characters', () => {
  assert.is(cut('\u{1f600}'.repeat(10), 4), `${'\u{1f600}'.repeat(4)}…`);
  assert.is(cut('short', 5), 'short');
});

const details: readonly (readonly [sketch: RunSketch, detail: string])[] = [
  [{ number: 1 }, ''],
  [{ number: 1, state: 'pending' }, ''],
  [{ number: 1, state: 'active', jobs: [] }, 'starting'],
  [{ number: 1, state: 'active', jobs: [{ id: 'a' }, { id: 'b', state: 'pending' }] }, '1 of 2 jobs over'],
  [
    {
      number: 1,
      state: 'active',
      jobs: [
        { id: 'a', state: 'failed' },
        { id: 'b', state: 'active' },
      ],
    },
    'a failed, 1 of 2 jobs over',
  ],
  [{ number: 1, outcome: 'failed-job', jobs: [{ id: 'a', state: 'failed' }] }, 'a failed.'],
  [{ number: 1, outcome: 'failed-timeout' }, 'It took longer than the time limit.'],
  [{ number: 1, outcome: 'canceled' }, 'Someone stopped it.'],
];
for (const [sketch, detail] of details) {
  test(`a row says: ${detail}`, () => assert.is(rowView(row(sketch)).detail, detail));
}

test('the newest run of each ref, and what a badge makes of a ref', () => {
  const rows = [
    row({ number: 4, ref: 'refs/heads/a', state: 'active' }),
    row({ number: 3, ref: 'refs/heads/b', outcome: 'replaced' }),
    row({ number: 2, ref: 'refs/heads/a', outcome: 'failed-job' }),
    row({ number: 1, ref: 'refs/heads/b' }),
  ];
  assert.equal(
    newestOfRefs(rows, 5).map(({ number }) => number),
    [4, 3],
  );
  assert.equal(
    newestOfRefs(rows, 1).map(({ number }) => number),
    [4],
  );
  assert.is(verdictOf(rows), 'failed');
  assert.is(verdictOf(rows.slice(0, 2)), null);
  assert.is(badgeOf('a', rows.slice(0, 1)).word, 'no result');
});

test('a trend has a bar for each finished run, the oldest first, none out of the picture', () => {
  const rows = [5, 4, 3, 2, 1].map((number) => row({ number, seconds: number === 3 ? 3600 : 1 }));
  const trend = trendOf([row({ number: 6, state: 'active' }), ...rows]);
  assert.ok(trend);
  assert.equal(
    trend.bars.map(({ title }) => title.split(' ')[0]),
    ['#1', '#2', '#3', '#4', '#5'],
  );
  for (const bar of trend.bars)
    assert.ok(bar.y >= 0 && bar.y + bar.height <= trend.height && bar.height >= 5);
  assert.is(trend.summary, '5 of the last 5 complete, usually in 1.0 s');
  const unsound = { ...row({ number: 7 }), state: 'failed' as const, started_at: null };
  assert.is(trendOf([unsound, ...rows])?.summary, '5 of the last 6 complete, usually in 1.0 s');
  assert.is(trendOf([unsound, ...rows])?.bars.length, 5);
  assert.is(trendOf(rows.slice(0, 1)), null);
});

const line = (id: string, ...inputs: string[]): JobLine => ({ id: id as JobId, inputs, file: '', line: 1 });

test('a graph has every job once, apart from each other, and an edge for each job it needs', async () => {
  const graph = await graphOf([
    line('__proto__', 'quire/push'),
    line('constructor', 'quire/push', '__proto__'),
    line('c', 'constructor', '__proto__'),
    line('alone', 'quire/push'),
  ]);
  assert.ok(graph);
  assert.equal(graph.boxes.map(({ id }) => id).sort(), [
    '__proto__',
    'alone',
    'c',
    'constructor',
    'quire/push',
  ]);
  assert.is(graph.lines.length, 5);
  for (const [index, one] of graph.boxes.entries()) {
    assert.ok(
      one.x >= 0 && one.y >= 0 && one.x + one.width <= graph.width && one.y + one.height <= graph.height,
    );
    for (const other of graph.boxes.slice(index + 1)) {
      const apart =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y;
      assert.ok(apart, `${one.id} and ${other.id}`);
    }
  }
  assert.equal(await graphOf([line('only', 'quire/push')]), null);
});

test('the boxes of a column begin at one line, in the order in which their jobs were registered', async () => {
  const ids = ['build', 'lint', 'docs', 'test on every machine'];
  const graph = await graphOf(ids.map((id) => line(id, 'quire/push')));
  const boxes = (graph?.boxes ?? []).filter(({ id }) => ids.includes(id));
  assert.equal(
    boxes.sort((a, b) => a.y - b.y).map(({ id }) => id),
    ids,
  );
  assert.is(new Set(boxes.map(({ x }) => x)).size, 1);
});

test('a curve that passes the boxes of a column stays within the drawing', async () => {
  const graph = await graphOf([
    line('build', 'quire/push'),
    line('lint-everything-at-once', 'quire/push'),
    line('unit', 'build'),
    line('integration-tests-slow', 'build'),
    line('deploy', 'unit', 'integration-tests-slow', 'lint-everything-at-once'),
    line('docs', 'quire/push'),
    line('report', 'build', 'deploy'),
  ]);
  assert.ok(graph);
  for (const { path } of graph.lines) {
    const numbers = (path.match(/-?[\d.]+/g) ?? []).map(Number);
    const ys = numbers.filter((_, index) => index % 2 === 1);
    assert.ok(Math.min(...ys) >= 0 && Math.max(...ys) <= graph.height, path);
  }
});

test('a graph nobody could read is not drawn, and costs nothing', async () => {
  const many = Array.from({ length: 400 }, (_, index) => line(`job-${index}`, 'quire/push'));
  assert.is(await graphOf(many), null);
});

test.run();
