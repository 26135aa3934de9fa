/** `quire ci eval`: one job alone, its streams and its exit code. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, type Said } from '../rig/forge.ts';

const test = suite('cli/ci eval');

const pipeline = `(local ci (require :quire.ci))
(ci.job :build [:quire/push] (fn [{: sh!}] (sh! "printf made; printf why >&2") {:n 1}))
(ci.job :test [:build] (fn [{: sh : jobs}]
  (let [{: n} (jobs :build) r (sh (.. "exit " n))] (when (> r.exit 0) (error (.. "n is " n))))))
(ci.job :nothing [:build] (fn []))
(ci.job :red [:build] (fn [{: sh!}] (sh! "exit 3")))
(ci.job :branch [:quire/push] (fn [{: sh! : jobs}] (sh! (.. "printf " (. (jobs :quire/push) :branch)))))
`;

const evaluate = (f: Forge, ...words: string[]): Said => f.quireIn(f.work, {}, 'ci', 'eval', ...words);

test(
  'streams come as they are, and nothing else; the exit code is the job’s result',
  forge((f) => {
    f.commit(pipeline);
    const { code, out, err } = evaluate(f, '--job', 'build');
    assert.equal({ code, out, err }, { code: 0, out: 'made', err: 'why' });
    assert.is(evaluate(f, '--job', 'nothing').code, 0);
    assert.is(evaluate(f, '--job', 'branch').out, 'main');
    assert.is(evaluate(f, '--job', 'biuld').code, 2);
    assert.is(evaluate(f).code, 2);
  }),
);

test(
  '(jobs …) answers from the file of inputs, and no other job runs',
  forge((f) => {
    f.commit(pipeline);
    const inputs = (value: unknown): string => {
      fs.writeFileSync(join(f.home, 'inputs.json'), JSON.stringify(value));
      return join(f.home, 'inputs.json');
    };
    assert.is(evaluate(f, '--job', 'test', '--inputs', inputs({ build: { n: 0 } })).code, 0);
    const red = evaluate(f, '--job', 'test', '--inputs', inputs({ build: { n: 4 } }));
    assert.is(red.code, 1);
    assert.is(red.out, '');
    assert.match(red.err, /^quire: job 'test' failed: .*n is 4/);
    const given = inputs({ 'quire/push': { branch: 'given' } });
    assert.is(evaluate(f, '--job', 'branch', '--inputs', given).out, 'given');
    assert.is(evaluate(f, '--job', 'test', '--inputs', inputs([])).code, 2);
    const stranger = evaluate(f, '--job', 'test', '--inputs', inputs({ buil: { n: 0 } }));
    assert.is(stranger.code, 2);
    assert.match(stranger.err, "there is no job 'buil'; did you mean 'build'?");
    assert.is(evaluate(f, '--job', 'test', '--inputs', '/nowhere').code, 2);
    const nowhere = evaluate(f, '--job', 'test', '--workspace', '/nowhere');
    assert.is(nowhere.code, 2);
    assert.match(nowhere.err, 'there is no directory /nowhere');
  }),
);

test(
  'a job that asked for what was not given is told so, one that did not ask is not',
  forge((f) => {
    f.commit(pipeline);
    const asked = evaluate(f, '--job', 'test');
    assert.is(asked.code, 1);
    assert.match(asked.err, /^quire: \(jobs :build\) gave nil: /m);
    const silent = evaluate(f, '--job', 'red');
    assert.is(silent.code, 1);
    assert.not.match(silent.err, 'gave nil');
  }),
);

test(
  'a file anywhere, with the modules beside it, and a workspace that is in no repository',
  forge((f) => {
    const at = (path: string): string => join(f.home, 'else', path);
    fs.mkdirSync(at('workspace'), { recursive: true });
    fs.writeFileSync(
      at('mine.fnl'),
      `(local ci (require :quire.ci))
(ci.job :a [:quire/push] (fn [{: sh!}] (sh! (.. "pwd; echo " (. (require :helpers) :word)))))`,
    );
    fs.writeFileSync(at('helpers.fnl'), '{:word "helped"}');
    const words = ['--job', 'a', '--ci-file', at('mine.fnl'), '--workspace', at('workspace')];
    const said = f.quireIn(f.home, {}, 'ci', 'eval', ...words);
    assert.is(said.code, 0, said.err);
    assert.is(said.out, `${fs.realpathSync(at('workspace'))}\nhelped\n`);
    fs.writeFileSync(at('mine.fnl'), '(local ci\n');
    const faulty = f.quireIn(f.home, {}, 'ci', 'eval', ...words);
    assert.is(faulty.code, 1);
    assert.match(faulty.err, /mine\.fnl:1:\d+: [\s\S]*\(local ci/);
  }),
);

test.run();
