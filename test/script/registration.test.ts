import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plain } from '../../lib/base/plain.ts';
import { defaultJobOptions, type JobOptions } from '../../lib/pipeline/draft.ts';
import { evaluated, problems, walk } from './walk.ts';

const test = suite('script/registration');

const program = (...lines: string[]): string => ['(local ci (require :quire.ci))', ...lines].join('\n');

const forms: [form: string, inputs: string[], options: Partial<JobOptions>][] = [
  ['(ci.job :a [:quire/push] (fn []))', ['quire/push'], {}],
  ['(ci.job :a {:inputs [:quire/push] :run (fn [])})', ['quire/push'], {}],
  ['(ci.job :a [:quire/push :quire/push] (fn []))', ['quire/push'], {}],
  ['(ci.job :a {:inputs [:quire/push] :run (fn []) :timeout "5m"})', ['quire/push'], { timeoutMs: 300_000 }],
  ['(ci.job :a {:inputs [:quire/push] :run (fn []) :timeout 90})', ['quire/push'], { timeoutMs: 90_000 }],
  [
    '(ci.job :a {:inputs [:quire/push] :run (fn []) :timeout "1h30m"})',
    ['quire/push'],
    { timeoutMs: 5_400_000 },
  ],
  ['(ci.job :a {:inputs [:quire/push] :run (fn []) :retry 2})', ['quire/push'], { retry: 2 }],
  [
    '(ci.job :a {:inputs [:quire/push] :run (fn []) :allow-failure true})',
    ['quire/push'],
    { allowFailure: true },
  ],
  ['(ci.job :a {:inputs [:quire/push] :run (fn []) :always true})', ['quire/push'], { always: true }],
  [
    '(ci.job :a {:inputs [:quire/push] :run (fn []) :env {:CI "1" :N 2}})',
    ['quire/push'],
    { env: { CI: '1', N: '2' } },
  ],
];
for (const [form, inputs, options] of forms) {
  test(form, async () => {
    const { pipeline } = await evaluated(program(form));
    assert.equal(
      pipeline.jobs.map((job) => [job.id, job.inputs, job.options, job.builtIn]),
      [['a', inputs, { ...defaultJobOptions, ...options }, false]],
    );
  });
}

test('a registration has the place of its call', async () => {
  const { pipeline } = await evaluated(program('', '  (ci.job :a [:quire/push]', '    (fn []))'));
  assert.equal(pipeline.jobs[0]?.span.start, { line: 3, column: 3 });
  assert.is(pipeline.jobs[0]?.span.file, '.quire/ci.fnl');
});

test('the image', async () => {
  assert.is(
    (await evaluated(program('(ci.image "registry.example.org:5000/node:22@sha256:00")'))).pipeline.image,
    'registry.example.org:5000/node:22@sha256:00',
  );
  assert.is((await evaluated(program(''))).pipeline.image, null);
});

test('jobs made in a loop, a thousand of them', async () => {
  const { pipeline } = await evaluated(
    program('(for [i 1 1000] (ci.job (.. "job-" i) [(if (= i 1) :quire/push (.. "job-" (- i 1)))] (fn [])))'),
  );
  assert.is(pipeline.jobs.length, 1000);
});

test('mirrors are jobs of their own, numbered, with inputs of their own', async () => {
  const { pipeline } = await evaluated(
    program(
      '(ci.job :a [:quire/push] (fn []))',
      '(ci.mirror "https://example.org/one.git" {:after [:a]})',
      '(ci.mirror "/srv/two.git")',
      '(ci.mirror "git@example.org:three.git" {})',
      '(ci.job :b [:quire/mirror-2] (fn []))',
    ),
  );
  assert.equal(
    pipeline.jobs.map((job) => [job.id, job.inputs, job.builtIn]),
    [
      ['a', ['quire/push'], false],
      ['quire/mirror', ['quire/push', 'a'], true],
      ['quire/mirror-2', ['quire/push'], true],
      ['quire/mirror-3', ['quire/push'], true],
      ['b', ['quire/mirror-2'], false],
    ],
  );
});

const push = (ref: string): Plain => ({ ref, sha: '0123456789abcdef' });
const noCredential = { kind: 'none' };
const mirrors: [options: string, ref: string, ask: object | null][] = [
  ['{}', 'refs/heads/any', { credential: noCredential, refs: null, tag: null }],
  [
    '{:secret :token}',
    'refs/heads/any',
    { credential: { kind: 'secret', name: 'token' }, refs: null, tag: null },
  ],
  [
    '{:refs ["refs/heads/main"]}',
    'refs/heads/main',
    { credential: noCredential, refs: ['refs/heads/main'], tag: null },
  ],
  ['{:refs ["refs/heads/main"]}', 'refs/heads/other', null],
  [
    '{:refs ["main" "refs/tags/v*"]}',
    'refs/tags/v1',
    { credential: noCredential, refs: ['main', 'refs/tags/v*'], tag: null },
  ],
  ['{:refs ["refs/heads/*"]}', 'refs/tags/v1', null],
  ['{:tag "fixed"}', 'refs/heads/main', { credential: noCredential, refs: null, tag: 'fixed' }],
  [
    '{:tag (fn [push] (.. "v-" (push.sha:sub 1 8)))}',
    'refs/heads/main',
    { credential: noCredential, refs: null, tag: 'v-01234567' },
  ],
  ['{:tag (fn [] nil)}', 'refs/heads/main', { credential: noCredential, refs: null, tag: null }],
];
for (const [options, ref, expected] of mirrors) {
  test(`ci.mirror ${options} and a push of ${ref}`, async () => {
    const script = await evaluated(program(`(ci.mirror "https://example.org/r.git" ${options})`));
    const { end, asks } = await walk(script, 'quire/mirror', {
      push: push(ref),
      mirror: { tag: 't', refs: [] },
    });
    if (expected === null) {
      assert.equal(end, { state: 'skipped' });
      assert.equal(
        asks.map(({ want }) => want),
        ['push'],
      );
      return;
    }
    assert.equal(end, { state: 'complete', outputs: { tag: 't', refs: {} } });
    assert.equal(asks, [
      { want: 'push' },
      { want: 'mirror', url: 'https://example.org/r.git', sha: null, gitDir: null, ...expected },
    ]);
  });
}

test('a tag function that gives no text, or raises, fails the mirror with its place', async () => {
  for (const [tag, message] of [
    ['(fn [] 7)', ':tag gave a value that must be a string, not a number'],
    ['(fn [] "")', ':tag gave a value that must not be empty'],
    ['(fn [] (error "no tag"))', 'no tag'],
  ]) {
    const script = await evaluated(program('', `(ci.mirror "/r.git" {:tag ${tag}})`));
    const { end } = await walk(script, 'quire/mirror');
    assert.is(end.state, 'failed');
    assert.match(end.state === 'failed' ? end.error : '', message ?? '');
    assert.match(end.state === 'failed' ? end.error : '', '.quire/ci.fnl:3:');
  }
});

const whole =
  '{:url "/r.git" :auth-header "Authorization: Basic x" :sha "abc" :tag "v1" :git-dir "/g" :refs ["refs/heads/main"]}';
const stdlib = (settings: string): string =>
  program(
    '(local {: mirror} (require :quire.stdlib))',
    `(ci.job :a [:quire/push] (fn [] (mirror ${settings})))`,
  );

test('quire.stdlib: mirror asks for the same work', async () => {
  const { end, asks } = await walk(await evaluated(stdlib(whole)), 'a');
  assert.is(end.state, 'complete');
  assert.equal(asks, [
    {
      want: 'mirror',
      url: '/r.git',
      credential: { kind: 'header', text: 'Authorization: Basic x' },
      sha: 'abc',
      gitDir: '/g',
      refs: ['refs/heads/main'],
      tag: 'v1',
    },
  ]);
  const none = whole.replace('"Authorization: Basic x"', 'false').replace('"v1"', 'false');
  const second = await walk(await evaluated(stdlib(none)), 'a');
  const [ask] = second.asks;
  assert.equal(ask?.want === 'mirror' ? [ask.credential, ask.tag] : [], [{ kind: 'none' }, null]);
});

for (const key of ['url', 'auth-header', 'sha', 'tag', 'git-dir', 'refs']) {
  test(`quire.stdlib: mirror raises without :${key}`, async () => {
    const settings = whole.replace(new RegExp(`:${key} (\\[[^\\]]*\\]|"[^"]*")`), '');
    const { end } = await walk(await evaluated(stdlib(settings)), 'a');
    assert.match(end.state === 'failed' ? end.error : '', `mirror: the key :${key} is missing`);
  });
}

test('nothing can be registered inside a run function', async () => {
  for (const call of ['(ci.job :b [:quire/push] (fn []))', '(ci.image "x")', '(ci.mirror "/r.git")']) {
    const script = await evaluated(program(`(ci.job :a [:quire/push] (fn [] ${call}))`));
    const { end } = await walk(script, 'a');
    assert.match(end.state === 'failed' ? end.error : '', 'nothing can be registered inside a run function');
    assert.match(end.state === 'failed' ? end.error : '', '.quire/ci.fnl:2:');
    assert.is(script.pipeline.jobs.length, 1);
  }
});

test('an unknown key suggests the nearest', async () => {
  const [problem] = await problems(program('(ci.job :a {:inputs [:quire/push] :run (fn []) :time-out 1})'));
  assert.match(problem?.hint ?? '', 'did you mean :timeout?');
  const [input] = await problems(
    program('(ci.job :build [:quire/push] (fn []))', '(ci.job :a [:biuld] (fn []))'),
  );
  assert.match(input?.hint ?? '', "did you mean 'build'?");
});

test('the same in Lua', async () => {
  const script = await evaluated({
    'ci.lua': [
      'local ci = require "quire.ci"',
      'local runtime = require "quire.runtime"',
      'ci.image("node:22")',
      'ci.job("a", {"quire/push"}, function(q) return { same = q == runtime and q == ci.runtime } end)',
      'ci.job("b", { inputs = {"a"}, ["allow-failure"] = true, run = function(q) q.sh("x") end })',
    ].join('\n'),
  });
  assert.is(script.pipeline.image, 'node:22');
  assert.equal((await walk(script, 'a')).end, { state: 'complete', outputs: { same: true } });
  assert.is(script.pipeline.jobs[1]?.options.allowFailure, true);
  assert.is(script.pipeline.jobs[1]?.span.start.line, 5);
  assert.is(script.pipeline.jobs[1]?.span.file, '.quire/ci.lua');
});

test.run();
