import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluateHere } from '../../lib/script/here.ts';
import type { Tree } from '../../lib/script/script.ts';
import { evaluated, problems, treeOf, walk, walkJob } from './walk.ts';

const test = suite('script/modules');

test('require finds Fennel and Lua files of .quire/', async () => {
  const script = await evaluated({
    'ci.fnl': `
      (local ci (require :quire.ci))
      (local helpers (require :helpers))
      (local deep (require :lib.deep))
      (ci.job :a [:quire/push] (fn [] {:h (helpers.twice 2) :d deep.name :same (= deep (require :lib.deep))}))`,
    'helpers.fnl': '(fn twice [n] (* 2 n))\n{: twice}',
    'lib/deep.lua': 'return { name = ... }',
  });
  const { end } = await walk(script, 'a');
  assert.equal(end, { state: 'complete', outputs: { h: 4, d: 'lib.deep', same: true } });
});

test('a helper may register, and take primitives apart', async () => {
  const script = await evaluated({
    'ci.fnl': '(require :more)',
    'more.fnl': `
      (local ci (require :quire.ci))
      (local {: sh!} (require :quire.runtime))
      (ci.job :a [:quire/push] (fn [] (sh! "make")))`,
  });
  assert.is(script.pipeline.jobs[0]?.span.file, '.quire/more.fnl');
  assert.is(script.pipeline.jobs[0]?.span.start.line, 4);
  assert.equal(
    (await walk(script, 'a')).asks.map(({ want }) => want),
    ['sh'],
  );
});

test('macros from a file of .quire/', async () => {
  const script = await evaluated({
    'ci.fnl': `
      (local ci (require :quire.ci))
      (import-macros {: job-of} :my-macros)
      (job-of :a "make")`,
    'my-macros.fnl': `
      (fn job-of [id command]
        \`(let [ci# (require :quire.ci)]
           (ci#.job ,id [:quire/push] (fn [{:sh! run#}] (run# ,command)))))
      {: job-of}`,
  });
  const { asks } = await walk(script, 'a');
  assert.equal(
    asks.map((ask) => (ask.want === 'sh' ? ask.cmd : ask.want)),
    ['make'],
  );
});

test('defrun binds primitives by name', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (import-macros {: defrun} :quire.ci)
    (ci.job :a [:quire/push] (defrun [sh! jobs] (sh! "make") {:b (. (jobs :quire/push) :branch)}))
    (ci.job :b [:quire/push] (defrun [sh] (sh "exit 1") nil))
    (ci.job :c [:quire/push] (defrun []))`);
  assert.equal((await walk(script, 'a')).end, { state: 'complete', outputs: { b: 'main' } });
  const failed = await walk(script, 'b', { sh: () => 1 });
  assert.is(failed.end.state, 'failed');
  assert.equal((await walk(script, 'c')).end, { state: 'skipped' });
  const [problem] = await problems('(import-macros {: defrun} :quire.ci)\n(defrun sh nil)');
  assert.match(problem?.message ?? '', 'defrun wants a sequence of names');
  assert.is(problem?.span?.start.line, 2);
});

test('fennel gives view, which looks at results', async () => {
  const { end } = await walkJob('(fn [{: sh}] (let [{: view} (require :fennel)] (view (sh "exit 1")) nil))', {
    sh: () => 1,
  });
  assert.equal(end, { state: 'complete', outputs: null });
});

const unknown: [program: string, message: string][] = [
  ['(require :io)', "module 'io' not found"],
  ['(require :package)', "module 'package' not found"],
  ['(require "../secret")', "module '../secret' not found"],
  ['(require "/etc/passwd")', "module '/etc/passwd' not found"],
  ['(require :missing.module)', "module 'missing.module' not found"],
  ['(io.open "/etc/passwd")', 'io'],
  ['(os.execute "id")', ''],
  ['(os.getenv "HOME")', ''],
  ['(debug.getinfo 1)', 'debug'],
  ['(load "return 1")', 'load'],
  ['(dofile "x")', 'dofile'],
  ['(collectgarbage)', 'collectgarbage'],
];
for (const [program, message] of unknown) {
  test(`there is no ${program}`, async () => {
    const [problem] = await problems(`\n${program}`);
    assert.ok(problem, 'a problem');
    assert.match(problem?.message ?? '', message);
    assert.is(problem?.span?.start.line, 2);
  });
}

test('a symlink is no module', async () => {
  const tree: Tree = new Map([
    ...treeOf('(require :helpers)'),
    ['helpers.fnl', { kind: 'symlink' } as const],
  ]);
  const script = await evaluateHere(tree);
  assert.not(script.ok);
});

test('a fault in a module is where it is', async () => {
  const found = await problems({ 'ci.fnl': '(require :helpers)', 'helpers.fnl': '\n\n(foo)' });
  assert.equal(
    found.map(({ span }) => [span?.file, span?.start.line]),
    [['.quire/helpers.fnl', 3]],
  );
});

test('modules of one evaluation can not change another', async () => {
  await evaluated('(set string.rep nil)\n(tset (getmetatable "") :__index nil)\n(global leak 1)');
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (ci.job :a [:quire/push] (fn [] {:r (string.rep "x" 2) :m (: "x" :rep 2) :l (= nil _G.leak)}))`);
  assert.equal((await walk(script, 'a')).end, { state: 'complete', outputs: { r: 'xx', m: 'xx', l: true } });
});

test('the pipeline of the contract', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (ci.image "node:22")                                  ; at most once
    (ci.job :build [:quire/push] (fn [{: sh}] (sh "make")))
    (ci.job :test  [:build] (fn [{: sh : jobs}] (let [push (jobs :quire/push)] (when (= push.branch "main") (sh ["make" "test"])))))
    (ci.job :lint {:inputs [:quire/push] :allow-failure true :timeout "5m" :retry 1 :env {:CI "1"} :run (fn [{: sh}] (sh "make lint"))})
    (ci.job :report {:inputs [:test] :always true :run (fn [{: sh}] (sh "./report"))})
    (ci.mirror "https://example.org/me/r.git" {:secret :token :refs ["refs/heads/main"] :tag (fn [push] (.. "v-" (push.sha:sub 1 8))) :after [:test]})`);
  assert.equal(
    script.pipeline.jobs.map(({ id }) => id),
    ['build', 'test', 'lint', 'report', 'quire/mirror'],
  );
  for (const { id } of script.pipeline.jobs) assert.is((await walk(script, id)).end.state, 'complete', id);
});

test.run();
