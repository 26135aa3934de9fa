import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { problems } from './walk.ts';

const test = suite('script/hints');

const jobUsage =
  '(ci.job :id [:quire/push] (fn [{: sh}] …)), or (ci.job :id {:inputs […] :run (fn …) …}) with options';

/** Mistakes of a first pipeline: all that is said about each. */
const mistakes: [program: string, ...said: [message: string, hint: string | null][]][] = [
  [
    '(ci.jbo :a [:quire/push] (fn []))',
    ["quire.ci has no 'jbo' (did you mean job?); there are job, image, mirror, runtime", null],
  ],
  [
    '(ci.job :a [:quire/push] (sh "make"))',
    ['unknown identifier: sh', 'a run function takes it from its argument: (fn [{: sh}] …)'],
  ],
  ['(ci.job build [:quire/push] #nil)', ['unknown identifier: build', 'a text is written :build or "build"']],
  [
    '(os.execute "make")',
    [
      "attempt to call a nil value (field 'execute')",
      'a pipeline reaches files and programs through its primitives alone: (sh "…"), (read-file "…"), (env :NAME)',
    ],
  ],
  [
    '(ci.job :a [:push] #nil)',
    ["job 'a' has the input 'push', which names nothing", "did you mean 'quire/push'?"],
  ],
  [
    '(ci.job :a {:input [:quire/push] :run #nil})',
    [
      "ci.job: unknown key :input of 'a'",
      'did you mean :inputs? the keys are :inputs :run :timeout :retry :allow-failure :always :env',
    ],
  ],
  [
    '(ci.job :a {:inputs [:quire/push] :runs #nil})',
    [
      "ci.job: unknown key :runs of 'a'",
      'did you mean :run? the keys are :inputs :run :timeout :retry :allow-failure :always :env',
    ],
  ],
  [
    '(ci.job :a [:quire/push] "make")',
    ["ci.job: the run function of 'a' must be a function, not a string", jobUsage],
  ],
  [
    '(ci.job :a [:quire/push] (fn []) {:timeout 1})',
    ['ci.job: takes an id, inputs and a run function, not 4 arguments', jobUsage],
  ],
];
for (const [program, ...said] of mistakes) {
  test(program, async () => {
    const found = await problems(`(local ci (require :quire.ci))\n${program}`);
    assert.equal(
      found.map(({ message, hint }) => [message, hint]),
      said,
    );
  });
}

test('a module that is not there: a near one, or where modules are', async () => {
  const hintOf = async (program: string): Promise<string | null | undefined> =>
    (await problems(program))[0]?.hint;
  assert.is(await hintOf('(require :quire)'), 'did you mean quire.ci?');
  assert.match((await hintOf('(require :helpers)')) ?? '', /^modules are files of \.quire\//);
});

test.run();
