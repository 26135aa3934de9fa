import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LuaFloat, type Plain } from '../../lib/base/plain.ts';
import { evaluated, type World, walk, walkJob } from './walk.ts';

const test = suite('script/outcomes');

/** `true` exits 0, `exit N` exits N, `kill` is killed; whatever else succeeds. */
const world: World = {
  sh: ({ cmd }) => {
    if (cmd === 'kill') return { exit: -1, signal: 'SIGKILL' };
    return Number(/^exit (\d+)$/.exec(cmd)?.[1] ?? 0);
  },
};

const never = (sh: number, how: string): string => `command ${sh} ${how} and its result was never checked`;

const failing: [run: string, error: string][] = [
  ['(fn [{: sh}] (sh "exit 1") (sh "true"))', never(1, 'exited 1')],
  ['(fn [{: sh}] (sh "true") (sh "exit 3") nil)', never(2, 'exited 3')],
  ['(fn [{: sh}] (let [r (sh "exit 3")] r.stdout))', never(1, 'exited 3')],
  ['(fn [{: sh}] (let [r (sh "exit 3")] (set r.mine 1) {:a r.cmd}))', never(1, 'exited 3')],
  ['(fn [{: sh}] (sh "kill") nil)', never(1, 'was ended by SIGKILL')],
  ['(fn [{: sh}] (tostring (sh "exit 3")) nil)', never(1, 'exited 3')],
  ['(fn [{: sh}] (sh "exit 3"))', 'returned the result of `exit 3`, which exited 3'],
  ['(fn [] {:exit 1})', 'returned a table whose exit is 1'],
  ['(fn [] {:exit "no"})', 'returned a table whose exit is no'],
  ['(fn [] {:exit false})', 'returned a table whose exit is false'],
  ['(fn [{: sh!}] (sh! "exit 3"))', '.quire/ci.fnl:3:15: sh!: `exit 3` exited 3'],
  ['(fn [{: sh!}] (sh! "kill"))', '.quire/ci.fnl:3:15: sh!: `kill` was ended by SIGKILL'],
  ['(fn [] (error "no luck"))', '.quire/ci.fnl:3:8: no luck'],
  ['(fn [] {:f (fn [])})', "outputs must be plain data: 'f' in the returned table is a function"],
  [
    '(fn [] {:a [{:b (coroutine.create (fn []))}]})',
    "outputs must be plain data: 'a.1.b' in the returned table is a coroutine",
  ],
  [
    '(fn [] (let [t {}] (set t.t t) t))',
    "outputs must be plain data: 't' in the returned table contains itself",
  ],
  [
    '(fn [] [1 nil 3])',
    'outputs must be plain data: the returned table has keys that are neither 1…n nor all strings',
  ],
  [
    '(fn [] {1 :a :b 2})',
    'outputs must be plain data: the returned table has keys that are neither 1…n nor all strings',
  ],
  ['(fn [] {true 1})', 'outputs must be plain data: the returned table has a key that is a boolean'],
  ['(fn [] {:x (/ 0 0)})', "outputs must be plain data: 'x' in the returned table is not a finite number"],
  ['(fn [] {:x math.huge})', "outputs must be plain data: 'x' in the returned table is not a finite number"],
];
for (const [run, error] of failing) {
  test(`fails: ${run}`, async () => {
    const { end } = await walkJob(run, world);
    assert.is(end.state, 'failed');
    assert.is(end.state === 'failed' ? end.error : '', error);
  });
}

const completing: [run: string, outputs: Plain][] = [
  ['(fn [{: sh}] (let [{: exit} (sh "exit 1")] nil))', null],
  ['(fn [{: sh}] (let [r (sh "exit 1")] (when (= r.exit 0) (error "x"))))', null],
  ['(fn [{: sh}] (each [k v (pairs (sh "exit 1"))] nil))', null],
  ['(fn [{: sh}] (next (sh "exit 1")) nil)', null],
  ['(fn [{: sh}] (rawget (sh "exit 1") :exit) nil)', null],
  ['(fn [{: sh}] (let [{:exit code} (sh "exit 1")] {:failed (not= code 0)}))', { failed: true }],
  ['(fn [{: sh}] (collect [k v (pairs (sh "exit 1"))] (when (= k :exit) (values :code v))))', { code: 1 }],
  ['(fn [{: sh}] (sh "true"))', { exit: 0, stdout: '', stderr: '', cmd: 'true' }],
  [
    '(fn [{: sh}] {:lint {:result (sh "exit 1")}})',
    { lint: { result: { exit: 1, stdout: '', stderr: '', cmd: 'exit 1' } } },
  ],
  ['(fn [{: sh!}] (let [(ok message) (pcall sh! "exit 3")] {: ok}))', { ok: false }],
  ['(fn [{: log}] (log "x") nil)', null],
  ['(fn [] (print "x"))', null],
  ['(fn [{: write-file}] (write-file "a" "b"))', null],
  ['(fn [] {:exit 0})', { exit: 0 }],
  ['(fn [] {:exit 0.0})', { exit: new LuaFloat(0) }],
  ['(fn [] 7)', null],
  ['(fn [] "text")', null],
  ['(fn [] false)', null],
  ['(fn [] {})', {}],
  ['(fn [] [1 2.0 "three" true])', [1, new LuaFloat(2), 'three', true]],
  ['(fn [] {:a {:b [{:c 1}]}})', { a: { b: [{ c: 1 }] } }],
  ['(fn [] {:big 1e15 :bytes "\\255"})', { big: new LuaFloat(1e15), bytes: new Uint8Array([255]) }],
  ['(fn [] {:__proto__ 1})', JSON.parse('{"__proto__":1}')],
  ['(fn [] (values nil 1))', null],
];
for (const [run, outputs] of completing) {
  test(`complete: ${run}`, async () => {
    const { end } = await walkJob(run, world);
    // The last one returned nil and did nothing.
    if (run === '(fn [] (values nil 1))') return assert.equal(end, { state: 'skipped' });
    assert.equal(end, { state: 'complete', outputs });
  });
}

const skipping = [
  '(fn [])',
  '(fn [] nil)',
  '(fn [{: jobs}] (jobs :quire/push) nil)',
  '(fn [{: env}] (env :HOME) nil)',
  '(fn [{: read-file}] (read-file "a") nil)',
  '(fn [{: secret}] (secret :token) nil)',
];
for (const run of skipping) {
  test(`did nothing: ${run}`, async () => {
    const { end } = await walkJob(run, { files: new Map([['a', 'b']]), secrets: { token: 't' } });
    assert.equal(end, { state: 'skipped' });
  });
}

test('a second attempt knows nothing of the first, but goes on counting commands', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (ci.job :job [:quire/push] (fn [{: sh}] (sh "exit 1") (sh "true") nil))`);
  const first = await walk(script, 'job', world, 1);
  assert.is(first.end.state, 'failed');
  const second = await walk(script, 'job', {}, 2);
  assert.is(second.end.state, 'complete');
  assert.equal(
    second.asks.map((ask) => (ask.want === 'sh' ? ask.sh : 0)),
    [3, 4],
  );
});

test('outputs are a copy: changing them later changes nothing', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (local shared {:n 1})
    (ci.job :a [:quire/push] (fn [] shared))
    (ci.job :b [:a] (fn [] (set shared.n 2) shared))`);
  const { end: a } = await walk(script, 'a');
  const { end: b } = await walk(script, 'b');
  assert.equal(a, { state: 'complete', outputs: { n: 1 } });
  assert.equal(b, { state: 'complete', outputs: { n: 2 } });
});

test('an error that is no text, and one raised far down', async () => {
  const table = await walkJob('(fn [] (error {:code 7}))');
  assert.is(table.end.state, 'failed');
  assert.match(table.end.state === 'failed' ? table.end.error : '', 'ci.fnl:3');
  const deep = await walkJob('(fn []\n  (fn inner [t]\n    (t.missing.field))\n  (inner {})\n  nil)');
  assert.match(deep.end.state === 'failed' ? deep.end.error : '', '.quire/ci.fnl:5:');
  assert.is(deep.end.state === 'failed' ? deep.end.diagnostic?.span?.start.line : 0, 5);
  assert.is(deep.end.state === 'failed' ? deep.end.diagnostic?.job : '', 'job');
});

test.run();
