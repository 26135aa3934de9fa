/**
 * Where failures are said to be, and in which words.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluatorOf, failed, limits, shown } from './rig.ts';

const test = suite('evaluate/traces');

type Place = readonly [file: string, line: number, column: number];

const errors: readonly (readonly [program: string, message: string, place: Place])[] = [
  ['(local t {})\n(t.run 1)', "attempt to call a nil value (field 'run')", ['ci.fnl', 2, 1]],
  [
    '(fn f [x]\n  (let [y\n        (+ x 1)]\n    y))\n(f nil)',
    'attempt to perform arithmetic',
    ['ci.fnl', 3, 9],
  ],
  ['(error "plain")', 'plain', ['ci.fnl', 1, 1]],
  ['(error {:code 7 :why [1]})', '{:code 7 :why [1]}', ['ci.fnl', 1, 1]],
  ['(error (setmetatable {} {:__tostring #"spoken"}))', 'spoken', ['ci.fnl', 1, 1]],
  ['(error nil)', 'nil', ['ci.fnl', 1, 1]],
  ['(local x 1)\n(error "no position" 0)', 'no position', ['ci.fnl', 2, 1]],
  ['(local x 1)\n(require :none)', "module 'none' not found", ['ci.fnl', 2, 1]],
  ['(local x 1)\n(require :odd)', 'expected even number', ['odd.fnl', 1, 6]],
  ['(require :luabad)', "unexpected symbol near '='", ['luabad.lua', 2, 1]],
  ['(require :luaerr)', 'in lua', ['luaerr.lua', 2, 1]],
  ['(setmetatable {} {:__fennelview (fn []\n (error "shown"))})', 'shown', ['ci.fnl', 2, 2]],
];
const files = {
  'odd.fnl': '(let [a] a)',
  'luabad.lua': '\nlocal x = = 1',
  'luaerr.lua': 'local x\nerror("in lua")',
  'deep.fnl': '(fn call [f]\n  (+ 1 (f)))\n{: call}',
};
for (const [program, message, place] of errors) {
  test(program, () => {
    const failure = failed(program, files);
    assert.is(failure.stage, 'runtime');
    const [firstLine = ''] = failure.message.split('\n');
    assert.ok(firstLine.startsWith(message), firstLine);
    assert.equal([failure.at, failure.line, failure.column], place);
  });
}

test('the calls that led there are notes', () => {
  const program = '(local deep (require :deep))\n(fn go []\n  (+ 1 (deep.call #(error "x"))))\n(+ 1 (go))';
  const { failure } = failed(program, files);
  const [first] = failure.diagnostics;
  assert.equal(
    first?.notes.map(({ span }) => [span.file, span.start.line]),
    [
      ['deep.fnl', 2],
      ['ci.fnl', 3],
      ['ci.fnl', 4],
    ].filter(([file, line]) => !(file === first?.span?.file && line === first?.span?.start.line)),
  );
});

test('what a program sees in its own pcall has the lines of its Fennel', () => {
  assert.is(shown('(local x 1)\n\n(let [(_ e) (pcall #(error "here"))] e)'), '"ci.fnl:3: here"');
});

test('all that is wrong with a module is told', () => {
  const { failure } = failed('(require :two)', { 'two.fnl': '(foo)\n(bar)' });
  assert.equal(
    failure.diagnostics.map(({ span }) => [span?.file, span?.start.line]),
    [
      ['two.fnl', 1],
      ['two.fnl', 2],
    ],
  );
});

test('a caught failure of a module is not held against what fails later', () => {
  const failure = failed('(pcall require :odd)\n(error "later")', files);
  assert.equal([failure.message, failure.at, failure.line], ['later', 'ci.fnl', 2]);
});

test('a limit is told with its line and its name', () => {
  const failure = failed('(fn f []\n  (while true))\n(f)', {}, { limits: { ...limits, timeMs: 60 } });
  assert.equal([failure.at, failure.line], ['ci.fnl', 2]);
  assert.match(failure.message, /took longer than 60 ms/);
  const memory = failed('(fn f []\n  (string.rep "x" 1e9))\n(f)');
  assert.equal([memory.line, memory.message], [2, 'evaluation needed more than 256 MiB of memory']);
});

test('frames of a caller are places of the program', () => {
  const evaluator = evaluatorOf();
  const places: unknown[] = [];
  const note = evaluator.vm.native((_, caller) => {
    const place = evaluator.placeOf(caller.frames());
    places.push([place?.file, place?.start.line, place?.start.column]);
    return [];
  });
  evaluator.vm.globals.set('note', note);
  const ran = evaluator.evaluate('dir/main.fnl', '(fn go []\n  (note)\n  1)\n(go)\n(note)');
  assert.ok(ran.ok);
  assert.equal(places, [
    ['dir/main.fnl', 2, 3],
    ['dir/main.fnl', 5, 1],
  ]);
});

test.run();
