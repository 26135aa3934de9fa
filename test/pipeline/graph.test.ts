import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import {
  chains,
  neededFor,
  rerunOf,
  topologicalOrder,
  transitiveDependents,
  transitiveInputs,
} from '../../lib/pipeline/graph.ts';
import { graphDot, graphMermaid } from '../../lib/pipeline/graph-formats.ts';
import { graphSvg } from '../../lib/pipeline/graph-svg.ts';
import { chainText, graphText } from '../../lib/pipeline/graph-text.ts';
import { checkDraft } from '../../lib/pipeline/pipeline.ts';
import { draft, pipeline } from './drafts.ts';

const test = suite('pipeline/graph');

const diamond = pipeline('build <- quire/push', 'lint <- quire/push', 'test <- build', 'ship <- test lint');
const id = (name: string): JobId => name as JobId;

test('the order is that of registration where inputs allow it', () => {
  assert.equal(topologicalOrder(diamond), ['build', 'lint', 'test', 'ship']);
  const late = pipeline('c <- b', 'b <- quire/push', 'a <- quire/push', 'd <- c a');
  assert.equal(topologicalOrder(late), ['b', 'c', 'a', 'd']);
  assert.equal(topologicalOrder(pipeline('2 <- quire/push', '1 <- quire/push')), ['2', '1']);
});

test('transitive inputs hold sources, dependents do not hold the job itself', () => {
  assert.equal([...transitiveInputs(diamond, id('ship'))].sort(), ['build', 'lint', 'quire/push', 'test']);
  assert.equal([...transitiveInputs(diamond, id('build'))], ['quire/push']);
  assert.equal([...transitiveDependents(diamond, id('build'))].sort(), ['ship', 'test']);
  assert.equal([...transitiveDependents(diamond, id('ship'))], []);
});

test('--job takes what the job needs, --failed what needs it as well', () => {
  assert.equal(neededFor(diamond, [id('test')]), ['build', 'test']);
  assert.equal(rerunOf(diamond, [id('test')]), ['build', 'test', 'ship']);
  assert.equal(rerunOf(diamond, [id('lint')]), ['lint', 'ship']);
});

test('every edge is in exactly one chain', () => {
  assert.equal(chains(diamond).map(chainText), [
    'quire/push -> build -> test -> ship',
    'quire/push -> lint -> ship',
  ]);
  assert.equal(chains(pipeline()), []);
});

test('names that are special to JavaScript are names', () => {
  const odd = pipeline('__proto__ <- quire/push', 'constructor <- __proto__', 'toString <- constructor');
  assert.equal(topologicalOrder(odd), ['__proto__', 'constructor', 'toString']);
});

test('a chain of 20,000 jobs, and a cycle of 5,000, do not leave the stack', () => {
  const long = pipeline(
    'j0 <- quire/push',
    ...Array.from({ length: 19_999 }, (_, i) => `j${i + 1} <- j${i}`),
  );
  assert.is(topologicalOrder(long).length, 20_000);
  assert.is(chains(long).length, 1);
  const knot = draft(Array.from({ length: 5000 }, (_, i) => `j${i} <- j${(i + 1) % 5000}`));
  const checked = checkDraft(knot);
  assert.equal(checked.ok ? [] : checked.error.map(({ code }) => code), ['cycle']);
});

test('text: one line a job, lines say what feeds what', () => {
  const drawn = [
    '◆    quire/push',
    '├─●  build  <- [quire/push]',
    '● │  lint  <- [quire/push]',
    '│ ●  test  <- [build]',
    '●─╯  ship  <- [test lint]',
    '',
  ];
  assert.is(graphText(diamond), drawn.join('\n'));
  assert.is(graphText(pipeline()), '');
});

const hostile = pipeline('a"b\\c <- quire/push', '<img> <- a"b\\c', 'x\u202ey;]] <- <img>');

test('dot: ids are quoted', () => {
  const dot = graphDot(hostile);
  assert.ok(dot.includes('"a\\"b\\\\c" -> "<img>"'), dot);
});

test('mermaid: ids are labels of numbered nodes', () => {
  const text = graphMermaid(hostile);
  assert.ok(text.includes('n1["a#34;b#92;c"]'), text);
  assert.ok(text.includes('n0 --> n1'), text);
  assert.not.ok(text.includes('<'), text);
});

test('svg: a well-formed drawing with every job, escaped', async () => {
  const svg = await graphSvg(hostile);
  assert.ok(svg.includes('&lt;img&gt;'), svg);
  assert.ok(svg.includes('a&quot;b\\c'), svg);
  assert.not.match(svg, /<img/);
  assert.not.match(svg, /\u202e/);
});

test.run();
