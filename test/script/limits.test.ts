import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import { evaluateHere, prepareStage } from '../../lib/script/here.ts';
import { answerTo, evaluated, treeOf, walk } from './walk.ts';

const test = suite('script/limits');

const limits = { timeMs: 250, memoryBytes: 48 * 1024 * 1024 };

/** On a busy machine reaching the memory limit takes a while; the time limit must not be the first. */
const slowly = { ...limits, timeMs: 20_000 };

const atTop: [program: string, code: string, line: number][] = [
  ['(while true)', 'evaluation-time', 2],
  ['(while true (pcall error :x))', 'evaluation-time', 2],
  ['((coroutine.wrap (fn [] (while true))))', 'evaluation-time', 2],
  ['(xpcall (fn [] (while true)) (fn [] (while true)))', 'evaluation-time', 2],
  ['(macro forever [] (while true))\n(forever)', 'macro-limit', 3],
  ['(string.rep "x" 1000000000)', 'evaluation-memory', 2],
  ['(let [t []] (while true (table.insert t (string.rep "x" 100000))))', 'evaluation-memory', 2],
];
for (const [program, code, line] of atTop) {
  test(`a diagnostic, never a hang: ${program}`, async () => {
    const before = performance.now();
    const script = await evaluateHere(treeOf(`\n${program}`), code === 'evaluation-memory' ? slowly : limits);
    assert.ok(performance.now() - before < slowly.timeMs);
    assert.not(script.ok);
    const failure = script.ok ? null : script.error;
    const [problem] = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
    assert.is(problem?.code, code);
    assert.is(problem?.span?.start.line, line);
    assert.is(problem?.span?.file, '.quire/ci.fnl');
  });
}

test('a stage made ahead has the limits, the files and the memory of its pipeline', async () => {
  prepareStage();
  const heavy = await evaluateHere(treeOf('\n(while true)'), limits);
  assert.is(heavy.ok ? '' : heavy.error.reason, 'diagnostics');
  prepareStage();
  const files = {
    'main.fnl': '(local m (require :lib.m))\n(error m.word)',
    'lib/m.fnl': '{:word "from lib"}',
  };
  const named = await evaluateHere(treeOf(files), { main: 'main.fnl', prefix: 'other/', ...limits });
  const failure = named.ok ? null : named.error;
  const [problem] = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
  assert.match(problem?.message ?? '', /from lib/);
  assert.is(problem?.span?.file, 'other/main.fnl');
  prepareStage();
  const kept = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  const light = await evaluateHere(treeOf('(local ci (require :quire.ci))'), {
    ...limits,
    memoryBytes: 8 << 20,
  });
  assert.ok(light.ok, 'what the process held before is not counted');
  assert.is(kept.length, 200_000);
});

test('deep recursion is an error of the pipeline', async () => {
  const script = await evaluateHere(treeOf('\n(fn f [] (+ 1 (f)))\n(f)'));
  const failure = script.ok ? null : script.error;
  const [problem] = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
  assert.match(problem?.message ?? '', /stack overflow|memory/);
  assert.is(problem?.span?.start.line, 2);
});

test('a pattern that backtracks for ever is ended', async () => {
  const program = '(string.find (string.rep "a" 100000) ".-.-.-.-b")';
  const script = await evaluateHere(treeOf(`\n${program}`), limits);
  const failure = script.ok ? null : script.error;
  const [problem] = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
  assert.is(problem?.code, 'evaluation-time');
  assert.is(problem?.span?.start.line, 2);
});

test('in a run function each stretch between two primitives has its whole time', async () => {
  const script = await evaluated(
    `(local ci (require :quire.ci))
     (fn busy [ms] (let [from (os.clock)] (while (< (os.clock) (+ from (/ ms 1000))))))
     (ci.job :patient [:quire/push] (fn [{: sh!}] (for [i 1 20] (busy 60) (sh! "x"))))
     (ci.job :loop [:quire/push] (fn [{: sh!}]
       (sh! "x")
       (while true)))`,
    { timeMs: 1000 },
  );
  assert.is((await walk(script, 'patient')).end.state, 'complete');
  const { end } = await walk(script, 'loop');
  assert.is(end.state === 'failed' ? end.diagnostic?.code : '', 'evaluation-time');
  assert.is(end.state === 'failed' ? end.diagnostic?.span?.start.line : 0, 6);
});

test('a job that loops ends alone, again and again; what it shares with others goes on', async () => {
  const script = await evaluated(
    `(local ci (require :quire.ci))
     (local shared {})
     (fn nested [] (coroutine.wrap (fn [] (set shared.inner (coroutine.running)) (while true (pcall error)))))
     (ci.job :steady [:quire/push] (fn [{: sh!}] (for [i 1 4] (sh! "x") (table.insert shared i)) {:n (length shared)}))
     (ci.job :loop [:quire/push] (fn [{: sh!}] (sh! "x") (table.sort [1 2 3] (fn [] (while true)))))
     (ci.job :nest [:quire/push] (fn [{: sh!}] (sh! "x") ((nested))))
     (ci.job :heir [:quire/push] (fn [] {:said (select 2 (coroutine.resume shared.inner))}))
     (ci.job :glutton [:quire/push] (fn [] (let [t []] (while true (table.insert t (string.rep "x" 100000))))))`,
    { timeMs: 1500, memoryBytes: 32 << 20 },
  );
  const id = 'steady' as JobId;
  let step = await script.begin(id, 1);
  for (const culprit of ['loop', 'nest', 'loop']) {
    const { end } = await walk(script, culprit);
    assert.is(end.state === 'failed' ? end.diagnostic?.code : '', 'evaluation-time', culprit);
    assert.is(step.kind, 'asks');
    if (step.kind === 'asks') step = await script.resume(id, answerTo(step.ask, {}));
  }
  const heir = (await walk(script, 'heir')).end;
  assert.equal(heir.state === 'complete' ? heir.outputs : null, { said: 'cannot resume dead coroutine' });
  const glutton = (await walk(script, 'glutton')).end;
  assert.is(glutton.state === 'failed' ? glutton.diagnostic?.code : '', 'evaluation-memory');
  if (step.kind === 'asks') step = await script.resume(id, answerTo(step.ask, {}));
  assert.match(
    step.kind === 'ended' && step.end.state === 'failed' ? step.end.error : '',
    /together with job 'glutton'/,
  );
});

test('outputs that refer to each other without end are refused in time', async () => {
  const script = await evaluated(
    `(local ci (require :quire.ci))
     (ci.job :laughs [:quire/push] (fn [] (faccumulate [t {} _ 1 60] {:a t :b t})))`,
    limits,
  );
  const before = performance.now();
  const { end } = await walk(script, 'laughs');
  assert.is(end.state, 'failed');
  assert.ok(performance.now() - before < 5000);
});

test.run();
