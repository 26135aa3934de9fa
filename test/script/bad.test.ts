import * as fs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { problems as wordings } from '../../lib/pipeline/problems.ts';
import { problems } from './walk.ts';

const test = suite('script/bad');

const directory = 'test/cases/pipeline/bad';

test('every code has a program, and every program a code', () => {
  const programs = fs.readdirSync(directory).map((name) => name.replace(/\.fnl$/, ''));
  assert.equal(programs.sort(), Object.keys(wordings).sort());
});

for (const code of Object.keys(wordings)) {
  const source = fs.readFileSync(`${directory}/${code}.fnl`, 'utf8');
  const expected = (source.split('\n', 1)[0] ?? '').replace(/^;; /, '').split(' ');
  test(`${code}: all problems, each once, where they are`, async () => {
    const found = await problems(source);
    assert.equal(
      found.map((problem) => `${problem.code}@${problem.span?.start.line}`),
      expected,
    );
    for (const problem of found) {
      assert.is(problem.span?.file, '.quire/ci.fnl');
      assert.is(problem.span?.start.column, 1);
    }
  });
  test(`${code}: says what to do`, async () => {
    const found = (await problems(source)).filter((problem) => problem.code === code);
    const told = found.every(
      ({ hint, message }) => hint !== null || /must|takes|is no|has the name/.test(message),
    );
    assert.ok(found.length > 0 && told, JSON.stringify(found));
  });
}

test('a file that breaks off still tells what was wrong before', async () => {
  const found = await problems(`
    (local ci (require :quire.ci))
    (ci.job :a [:later] (fn []))
    (ci.job :quire [:quire/push] (fn []))
    (error "stop")`);
  assert.equal(
    found.map(({ code, span }) => [code, span?.start.line]),
    [
      ['reserved-id', 4],
      ['runtime-error', 5],
    ],
  );
});

test('a problem inside a helper is where the helper calls', async () => {
  const found = await problems(`
    (local ci (require :quire.ci))
    (fn job [id]
      (ci.job id [] (fn [])))
    (job :a)`);
  assert.equal(
    found.map(({ code, span }) => [code, span?.start.line]),
    [['empty-inputs', 4]],
  );
});

test.run();
