import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plain } from '../../lib/base/plain.ts';
import type { Ask, ShAsk } from '../../lib/script/ask.ts';
import { commandText } from '../../lib/script/command.ts';
import { evaluated, problems, type World, walk, walkJob } from './walk.ts';

const test = suite('script/primitives');

const plainSh: ShAsk = {
  want: 'sh',
  sh: 1,
  command: { shell: 'make' },
  cmd: 'make',
  env: {},
  cwd: null,
  timeoutMs: null,
  stdin: null,
};

const asking: [run: string, asks: Ask[]][] = [
  ['(fn [{: sh}] (sh "make"))', [plainSh]],
  ['(fn [{: sh!}] (sh! "make"))', [plainSh]],
  [
    '(fn [{: sh}] (sh ["make" "a b" "$x"]))',
    [{ ...plainSh, command: { argv: ['make', 'a b', '$x'] }, cmd: "make 'a b' '$x'" }],
  ],
  [
    '(fn [{: sh}] (sh "make" {:env {:A "b" :PORT 8080} :cwd "sub" :timeout "5m" :stdin "in\\0"}))',
    [
      {
        ...plainSh,
        env: { A: 'b', PORT: '8080' },
        cwd: 'sub',
        timeoutMs: 300_000,
        stdin: Buffer.from('in\0'),
      },
    ],
  ],
  ['(fn [{: sh}] (sh "make" {:timeout 1.5}))', [{ ...plainSh, timeoutMs: 1500 }]],
  ['(fn [{: sh}] (sh "make" {}) (sh "make" nil))', [plainSh, { ...plainSh, sh: 2 }]],
  ['(fn [{: secret}] (secret :token))', [{ want: 'secret', name: 'token' }]],
  ['(fn [{: jobs}] (jobs :quire/push))', [{ want: 'push' }]],
  ['(fn [{: read-file}] (read-file "a/b"))', [{ want: 'read-file', path: 'a/b' }]],
  ['(fn [{: read-json}] (read-json "a.json"))', [{ want: 'read-file', path: 'a.json' }]],
  [
    '(fn [{: write-file}] (write-file "a" "b\\255"))',
    [{ want: 'write-file', path: 'a', bytes: Buffer.from([98, 255]) }],
  ],
  ['(fn [{: log}] (log "two\\nlines"))', [{ want: 'log', text: 'two\nlines' }]],
  ['(fn [{: log}] (log 7))', [{ want: 'log', text: '7' }]],
  ['(fn [] (print "a" 1 nil))', [{ want: 'log', text: 'a\t1\tnil' }]],
  ['(fn [{: env}] (env :HOME))', [{ want: 'env', name: 'HOME' }]],
];
const everything: World = {
  secrets: { token: 'hunter22' },
  files: new Map([
    ['a/b', 'text'],
    ['a.json', '{}'],
  ]),
};
for (const [run, asks] of asking) {
  test(run, async () => {
    const walked = await walkJob(run, everything);
    assert.not.equal(walked.end.state, 'failed', JSON.stringify(walked.end));
    assert.equal(walked.asks, asks);
  });
}

const result: Plain = {
  exit: 2,
  signal: 'SIGTERM',
  stdout: 'out',
  stderr: 'err',
  truncated: true,
  cmd: 'make',
};
const answered: [run: string, outputs: Plain, world?: World][] = [
  [
    '(fn [{: sh}] {:r (sh "make")})',
    { r: result },
    {
      sh: () => ({
        exit: 2,
        signal: 'SIGTERM',
        stdout: Buffer.from('out'),
        stderr: Buffer.from('err'),
        truncated: true,
      }),
    },
  ],
  ['(fn [{: sh}] {:r (sh "true")})', { r: { exit: 0, stdout: '', stderr: '', cmd: 'true' } }],
  ['(fn [{: secret}] {:s (length (secret :token))})', { s: 8 }],
  ['(fn [{: env}] {:a (env :A) :b (= nil (env :B))})', { a: 'x', b: true }, { env: { A: 'x' } }],
  ['(fn [{: read-file}] {:t (read-file "a/b")})', { t: 'text' }],
  [
    '(fn [{: read-json}] (read-json "a.json"))',
    { n: 1, list: [1, { a: 'é' }], f: true },
    { files: new Map([['a.json', '\ufeff{"n": 1.0, "list": [1, {"a": "é"}], "f": true, "z": null}']]) },
  ],
  [
    '(fn [{: jobs}] (let [push (jobs :quire/push)] {:b push.branch :t (= nil push.tag) :f push.files-changed}))',
    { b: 'main', t: true, f: ['a.txt', 'b.txt'] },
  ],
];
for (const [run, outputs, world = everything] of answered) {
  test(run, async () => {
    const { end } = await walkJob(run, world);
    assert.equal(end, { state: 'complete', outputs });
  });
}

const wrong: [run: string, error: string][] = [
  ['(fn [{: sh}] (sh))', 'sh: the command must be a string or a non-empty sequence of strings'],
  ['(fn [{: sh}] (sh 7))', 'sh: the command must be a string or a non-empty sequence of strings'],
  ['(fn [{: sh}] (sh []))', 'sh: the command must be a string or a non-empty sequence of strings'],
  ['(fn [{: sh}] (sh ""))', 'sh: the command must not be empty'],
  ['(fn [{: sh}] (sh ["echo" 1]))', 'sh: the command must be a sequence of strings: item 2 must be a string'],
  ['(fn [{: sh}] (sh "a\\0b"))', 'sh: the command must not hold a NUL byte'],
  ['(fn [{: sh}] (sh "make" "fast"))', 'sh: the options must be a table'],
  ['(fn [{: sh}] (sh "make" {:envv {}}))', 'sh: unknown option :envv; did you mean :env?'],
  ['(fn [{: sh!}] (sh! "make" {:envv {}}))', 'sh!: unknown option :envv'],
  ['(fn [{: sh}] (sh "make" ["a"]))', 'sh: unknown option :1; the options are :env :cwd :timeout :stdin'],
  ['(fn [{: sh}] (sh "make" {:env {"a b" "c"}}))', 'sh: :env has the name "a b", which is no identifier'],
  ['(fn [{: sh}] (sh "make" {:env {:QUIRE_X "c"}}))', 'sh: :env has the name QUIRE_X: QUIRE_ is kept'],
  ['(fn [{: sh}] (sh "make" {:env {:A true}}))', 'sh: :env has a value for A that must be a string'],
  ['(fn [{: sh}] (sh "make" {:cwd 1}))', 'sh: :cwd must be a string, not a number'],
  ['(fn [{: sh}] (sh "make" {:timeout "soon"}))', 'sh: :timeout must be a duration'],
  ['(fn [{: sh}] (sh "make" {:timeout 0}))', 'sh: :timeout must be a duration'],
  ['(fn [{: sh}] (sh "make" {:stdin {}}))', 'sh: :stdin must be a string, not a table'],
  ['(fn [{: secret}] (secret))', 'secret: the name must be a string, not nil'],
  ['(fn [{: secret}] (secret :nothing))', "secret: there is no secret 'nothing'"],
  ['(fn [{: jobs}] (jobs :other))', "jobs: 'other' is no input of 'job'"],
  ['(fn [{: jobs}] (jobs :job))', "jobs: 'job' is no input of 'job'"],
  ['(fn [{: read-file}] (read-file))', 'read-file: the path must be a string, not nil'],
  ['(fn [{: read-file}] (read-file "a\\0"))', 'read-file: the path must not hold a NUL byte'],
  ['(fn [{: read-file}] (read-file "none"))', 'read-file: none does not exist'],
  ['(fn [{: read-json}] (read-json "a/b"))', 'read-json: a/b is not JSON: '],
  ['(fn [{: write-file}] (write-file "a"))', 'write-file: the text must be a string, not nil'],
  ['(fn [{: log}] (log {}))', 'log: the text must be a string, not a table'],
  ['(fn [{: log}] (log))', 'log: the text must be a string, not nil'],
  ['(fn [{: env}] (env 1))', 'env: the name must be a string, not a number'],
  ['(fn [q] (q.shh "x"))', "unknown primitive 'shh' (did you mean sh?); there are sh, sh!, secret, jobs"],
  ['(fn [{: foo}] nil)', "unknown primitive 'foo'"],
];
for (const [run, error] of wrong) {
  test(`raises: ${run}`, async () => {
    const { end } = await walkJob(run, everything);
    assert.is(end.state, 'failed');
    const said = end.state === 'failed' ? end.error : '';
    assert.match(said, `.quire/ci.fnl:3:`);
    assert.match(said, error);
  });
}

test('a command that can not start raises at its call', async () => {
  const { end } = await walkJob('(fn [{: sh}]\n  (sh "x"))', {
    sh: () => ({ raise: 'program x not found' }),
  });
  assert.match(end.state === 'failed' ? end.error : '', '.quire/ci.fnl:4:');
  assert.match(end.state === 'failed' ? end.error : '', 'sh: program x not found');
});

test('jobs answers with the outputs of a transitive input', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (ci.job :build [:quire/push] (fn [] {:v 1}))
    (ci.job :test [:build] (fn []))
    (ci.job :ship [:test] (fn [{: jobs}] {:built (jobs :build) :tested (= nil (jobs :test)) :ref (. (jobs :quire/push) :ref)}))
    (ci.job :lint [:quire/push] (fn [{: jobs}] (jobs :build)))`);
  const { end, asks } = await walk(script, 'ship', { outputs: { build: { v: 1 } } });
  assert.equal(end, {
    state: 'complete',
    outputs: { built: { v: 1 }, tested: true, ref: 'refs/heads/main' },
  });
  assert.equal(
    asks.map((ask) => (ask.want === 'outputs' ? ask.of : ask.want)),
    ['build', 'test', 'push'],
  );
  const lint = await walk(script, 'lint');
  assert.match(lint.end.state === 'failed' ? lint.end.error : '', "'build' is no input of 'lint'");
});

const inside: [name: string, run: string][] = [
  ['pcall', '(fn [{: sh}] (let [(ok r) (pcall sh "x")] {:exit (if ok r.exit 1) :ok ok}))'],
  ['xpcall', '(fn [{: sh}] (let [(ok r) (xpcall #(sh "x") #nil)] {:exit r.exit :ok ok}))'],
  ['a coroutine', '(fn [{: sh}] (let [f (coroutine.wrap #(sh "x"))] {:exit (. (f) :exit) :ok true}))'],
  [
    'a generator that yields in between',
    '(fn [{: sh}] (let [f (coroutine.wrap (fn [] (sh "x") (coroutine.yield 1) (sh "x") 2))] {:exit 0 :ok (and (= (f) 1) (= (f) 2))}))',
  ],
  [
    'a metamethod',
    '(fn [{: sh}] (let [t (setmetatable {} {:__index #(sh "x")})] {:exit t.foo.exit :ok true}))',
  ],
  ['an iterator', '(fn [{: sh}] (each [_ r (pairs {:a (sh "x")})] r.exit) {:exit 0 :ok true})'],
];
for (const [name, run] of inside) {
  test(`primitives work inside ${name}`, async () => {
    const { end } = await walkJob(run);
    assert.equal(end, { state: 'complete', outputs: { exit: 0, ok: true } });
  });
}

const callbacks: [name: string, run: string][] = [
  ['a sort comparator', '(fn [{: sh}]\n  (table.sort [3 2 1] (fn [a b]\n    (sh "x") (< a b))))'],
  ['a gsub callback', '(fn [{: sh}]\n  (string.gsub "abc" "." (fn [c]\n    (sh "x") c)))'],
  ['a __tostring', '(fn [{: sh}]\n  (tostring (setmetatable {} {:__tostring (fn []\n    (sh "x") "")})))'],
  [
    'a sort in a coroutine',
    '(fn [{: sh}]\n ((coroutine.wrap #(table.sort [2 1] (fn [a b]\n    (sh "x") (< a b))))))',
  ],
];
for (const [name, run] of callbacks) {
  test(`not inside ${name}`, async () => {
    const { end, asks } = await walkJob(run);
    assert.equal(asks, []);
    assert.match(end.state === 'failed' ? end.error : '', 'call sh outside the callback');
    assert.match(end.state === 'failed' ? end.error : '', '.quire/ci.fnl:5:');
  });
}

test('the runtime table is one, and may be taken and taken apart while registering', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (local runtime (require :quire.runtime))
    (local {: sh} ci.runtime)
    (assert (= runtime ci.runtime))
    (ci.job :a [:quire/push] (fn [given] (sh "x") {:same (= given runtime)}))`);
  const { end } = await walk(script, 'a');
  assert.equal(end, { state: 'complete', outputs: { same: true } });
});

test('outside of a run function primitives say where they belong', async () => {
  for (const call of ['((. (require :quire.runtime) :sh) "x")', '((. (require :quire.runtime) :log) "x")']) {
    const [problem] = await problems(`(local ci (require :quire.ci))\n${call}`);
    assert.match(problem?.message ?? '', 'can only be called inside a run function');
    assert.is(problem?.span?.start.line, 2);
  }
});

test('print goes to the job in a run function, to the run elsewhere', async () => {
  const script = await evaluated(`
    (local ci (require :quire.ci))
    (local say print)
    (say "one" {} )
    (print)
    (ci.job :a [:quire/push] (fn [] (say "job") (print "job")))`);
  assert.is(script.printed.length, 2);
  assert.match(script.printed[0] ?? '', /^one\ttable: /);
  const { asks } = await walk(script, 'a');
  assert.equal(asks, [
    { want: 'log', text: 'job' },
    { want: 'log', text: 'job' },
  ]);
});

test('an endless flood of prints keeps bounded memory', async () => {
  const script = await evaluated('(for [i 1 100000] (print (string.rep "x" 100)))');
  assert.ok(script.printed.join('').length < 300_000);
  assert.match(script.printed.at(-1) ?? '', 'left out');
});

test('an argv is shown as one would type it', () => {
  assert.is(commandText({ argv: ['echo', 'a b', "it's", '', '-x=1'] }), "echo 'a b' 'it'\\''s' '' -x=1");
});

test.run();
