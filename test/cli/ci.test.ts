/** `quire ci validate | graph | view | compile | config`: what a pipeline or a file is, or all that is wrong with it. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFile } from '../../lib/cli/commands/ci-compile.ts';
import { config } from '../../lib/cli/commands/ci-config.ts';
import { graph } from '../../lib/cli/commands/ci-graph.ts';
import { type ValidateOptions, validate } from '../../lib/cli/commands/ci-validate.ts';
import { view } from '../../lib/cli/commands/ci-view.ts';
import { init } from '../../lib/cli/commands/init.ts';
import { type Sandbox, withSandbox } from '../git/sandbox.ts';
import { type Recording, type RecordingOptions, recording } from '../rig/context.ts';

const test = suite('cli/ci');

type Ended = Recording & { readonly code: number };

async function said(
  box: Sandbox,
  command: (context: Recording) => Promise<number>,
  how: RecordingOptions = {},
): Promise<Ended> {
  const context = recording({ cwd: box.work, ...how });
  return { ...context, code: await command(context) };
}

const validated = (box: Sandbox, options: ValidateOptions = {}, how: RecordingOptions = {}): Promise<Ended> =>
  said(box, (context) => validate(context, options), how);

const sound = `(local ci (require :quire.ci))
(ci.image "node:22")
(print "loading")
(ci.job :test [:build] (fn [{: sh}] (sh "true")))
(ci.job :build [:quire/push] (fn [{: sh}] (sh "true")))
`;

const broken = `(local ci (require :quire.ci))
(ci.job :a [:b] (fn []))
(ci.job :b [:a] (fn []))
(ci.job :quire [:quire/push] (fn []))
(ci.job :c [] (fn []))
(ci.job :d [:biuld] (fn []))
(ci.job :build [:quire/push] (fn []))
`;

test(
  'validate: the image, the jobs in order; what was printed goes to stderr',
  withSandbox(async (box) => {
    box.write('.quire/ci.fnl', sound);
    const done = await validated(box);
    assert.is(done.code, 0, done.err());
    assert.is(done.out(), 'image: node:22\nbuild <- [quire/push]\ntest <- [build]\n');
    assert.match(done.err(), 'loading');
    const json = (await validated(box, { json: true })).json() as { image: string; jobs: { id: string }[] };
    assert.is(json.image, 'node:22');
    assert.equal(
      json.jobs.map(({ id }) => id),
      ['test', 'build'],
    );
    fs.mkdirSync(join(box.work, 'below/here'), { recursive: true });
    assert.is((await validated(box, {}, { cwd: join(box.work, 'below/here') })).out(), done.out());
  }),
);

test(
  'validate: all problems together, each with its line and a caret',
  withSandbox(async (box) => {
    box.write('.quire/ci.fnl', broken);
    const done = await validated(box);
    assert.is(done.code, 1);
    assert.is(done.out(), '');
    for (const line of [2, 4, 5, 6]) assert.match(done.err(), `\n    ${line} | (ci.job`);
    assert.match(done.err(), '^');
    assert.match(done.err(), 'build');
    const { diagnostics } = (await validated(box, { json: true })).json() as {
      diagnostics: { code: string; file: string; line: number }[];
    };
    assert.ok(diagnostics.length >= 4);
    assert.ok(diagnostics.every(({ file, line }) => file === '.quire/ci.fnl' && line >= 2));
  }),
);

test(
  'validate --sha: of a commit, whatever is checked out, in a bare repository too',
  withSandbox(async (box) => {
    box.write('.quire/ci.fnl', broken);
    const bad = box.commit('bad');
    box.write('.quire/ci.fnl', sound);
    box.commit('good');
    box.git(['push', '-q', box.bare, 'main']);
    box.write('.quire/ci.fnl', '(');
    assert.is((await validated(box, { sha: 'HEAD' })).code, 0);
    assert.is((await validated(box, { sha: bad.slice(0, 8) })).code, 1);
    assert.is((await validated(box, { sha: 'main' }, { cwd: box.bare })).code, 0);
    assert.is((await validated(box, { sha: 'main' }, { cwd: box.directory, repo: 'repo.git' })).code, 0);
    for (const how of [{ sha: 'nope' }, { sha: '-rf' }, { sha: '' }])
      assert.is((await validated(box, how)).code, 2);
    const bare = await validated(box, {}, { cwd: box.bare });
    assert.is(bare.code, 2);
    assert.match(bare.err(), '--sha');
  }),
);

test(
  'no pipeline is wrong usage, and so is no repository',
  withSandbox(async (box) => {
    const none = await validated(box);
    assert.is(none.code, 2);
    assert.match(none.err(), 'quire init');
    assert.is((await validated(box, {}, { cwd: box.directory })).code, 2);
  }),
);

test(
  'graph: every format, also for hostile ids; an unknown one suggests',
  withSandbox(async (box) => {
    box.write('.quire/ci.fnl', sound.replaceAll(':test', '"<b>\\"x"'));
    const drawn = async (format: string): Promise<Ended> =>
      said(box, (context) => graph(context, { format }));
    assert.match((await drawn('text')).out(), 'build');
    assert.match((await drawn('dot')).out(), 'digraph');
    assert.match((await drawn('mermaid')).out(), 'flowchart');
    const svg = (await drawn('svg')).out();
    assert.match(svg, '<svg');
    assert.not.match(svg, '<b>');
    const unknown = await drawn('mermiad');
    assert.is(unknown.code, 2);
    assert.match(unknown.err(), "Did you mean 'mermaid'?");
  }),
);

test(
  'view: values on one line, errors with their place, the exit code says whether any failed',
  withSandbox(async (box) => {
    box.write('ok.fnl', '(values 1 "a" {:b [2 3]})');
    box.write('sub/main.fnl', '(local h (require :helper))\n(h 1)');
    box.write('sub/helper.fnl', '(fn [x]\n  (x.y.z))');
    box.write('bad.fnl', '(+ 1 unknown)');
    box.write('glob.fnl', 'unknown');
    box.write('data.lua', 'return 1, "x"');
    const viewed = (files: string[], options = {}): Promise<Ended> =>
      said(box, (context) => view(context, files, options));
    const good = await viewed(['ok.fnl', 'data.lua']);
    assert.is(good.code, 0);
    assert.is(good.out(), '1 "a" {:b [2 3]}\n1 "x"\n');
    const files = ['ok.fnl', './sub/main.fnl', join(box.work, 'bad.fnl')];
    const json = await viewed(files, { json: true });
    assert.is(json.code, 1);
    const rows = json
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(rows[0], { file: 'ok.fnl', values: '1 "a" {:b [2 3]}' });
    assert.is(rows[1].stage, 'runtime');
    assert.is(rows[1].at, './sub/helper.fnl');
    assert.is(rows[1].line, 2);
    assert.equal(Object.keys(rows[2]), ['file', 'stage', 'message', 'at', 'line', 'column']);
    assert.is(rows[2].at, join(box.work, 'bad.fnl'));
    assert.equal([rows[2].stage, rows[2].line, rows[2].column], ['compile', 1, 6]);
    assert.not.match(rows[2].message, 'bad.fnl');
    const text = await viewed(['bad.fnl', 'ok.fnl']);
    assert.is(text.code, 1);
    assert.match(text.err(), 'bad.fnl:1:6: error');
    assert.is(text.out(), '1 "a" {:b [2 3]}\n', 'the others are shown all the same');
    assert.is((await viewed(['glob.fnl'], { globals: ['unknown'] })).out(), 'nil\n');
    assert.is((await viewed(['nope.fnl', 'ok.fnl'])).code, 2);
    const missing = await viewed(['nope.fnl', 'ok.fnl'], { json: true });
    assert.is(missing.code, 1);
    assert.is(missing.err(), '');
    const [unread, next] = missing.out().split('\n');
    assert.equal(Object.keys(JSON.parse(unread ?? '')), Object.keys(rows[2]), 'the same keys');
    assert.is(JSON.parse(unread ?? '').stage, 'read');
    assert.is(JSON.parse(next ?? '').file, 'ok.fnl');
  }),
);

test(
  'compile: the Lua, the map, the fault; macros of quire.ci and of files beside it',
  withSandbox(async (box) => {
    box.write(
      '.quire/ci.fnl',
      '(import-macros {: defrun} :quire.ci)\n(import-macros {: twice} :my)\n(defrun [sh] (twice (sh "x")))',
    );
    box.write('.quire/my.fnl', '{:twice (fn [x] `(do ,x ,x))}');
    box.write('bad.fnl', '(let [x 1]\n  (+ x');
    const compiled = (file: string, options = {}): Promise<Ended> =>
      said(box, (context) => compileFile(context, file, options));
    const lua = await compiled('.quire/ci.fnl');
    assert.is(lua.code, 0, lua.err());
    assert.is(lua.out().match(/sh\("x"\)/g)?.length, 2);
    const map = (await compiled('.quire/ci.fnl', { map: true })).out().trim().split('\n');
    assert.is(map.length, lua.out().trimEnd().split('\n').length);
    assert.ok(
      map.every((line) => /^\d+ +(-|\S+:\d+:\d+)$/.test(line)),
      map.join('\n'),
    );
    const bad = await compiled('bad.fnl');
    assert.is(bad.code, 1);
    assert.match(bad.err(), /^bad\.fnl:\d+:\d+: error/);
    assert.is((await compiled('nope.fnl')).code, 2);
  }),
);

test(
  'config: JSON without secrets, warnings with the nearest name, errors with file, line and key',
  withSandbox(async (box) => {
    box.write('good.fnl', '{:secrets {:token "do not print me"} :max-runs (+ 1 1) :max-jbos 3}');
    box.write('bad.fnl', '{:timeout "1h"\n :max-runs "three"}');
    const shown = (file: string): Promise<Ended> => said(box, (context) => config(context, file));
    const good = await shown('good.fnl');
    assert.is(good.code, 0);
    assert.equal(good.json(), { secrets: { token: '{{ token }}' }, 'max-runs': 2, 'max-jbos': 3 });
    assert.match(good.err(), /warning.*good\.fnl:1.*max-jobs/);
    const bad = await shown('bad.fnl');
    assert.is(bad.code, 1);
    assert.match(bad.err(), /bad\.fnl:2:\d+: error: .*max-runs/);
    assert.not.match(good.out() + good.err(), 'do not print');
    box.write('executor.fnl', '{:executor "dokcer"}');
    const executor = await shown('executor.fnl');
    assert.is(executor.code, 1);
    assert.match(executor.err(), "there is no executor 'dokcer'; did you mean 'docker'?");
    assert.is((await shown('nope.fnl')).code, 2);
    assert.is((await shown('.')).code, 2);
  }),
);

test(
  'init: a pipeline that fits and is sound, and never over one that is there',
  withSandbox(async (box) => {
    const scaffolds = {
      'package.json': 'node',
      'Cargo.toml': 'rust',
      'go.mod': 'go',
      'pyproject.toml': 'python',
      Makefile: 'make',
    };
    for (const [file, kind] of Object.entries({ ...scaffolds, '': 'plain' })) {
      fs.rmSync(join(box.work, '.quire'), { recursive: true, force: true });
      if (file !== '') box.write(file, '{}');
      const done = await said(box, (context) => init(context, null));
      assert.is(done.code, 0, done.err());
      if (kind !== 'plain') assert.match(done.out(), `for a ${kind} project`);
      assert.is((await validated(box)).code, 0, kind);
      if (file !== '') fs.rmSync(join(box.work, file));
    }
    const text = fs.readFileSync(join(box.work, '.quire/ci.fnl'), 'utf8');
    const again = await said(box, (context) => init(context, null));
    assert.is(again.code, 2);
    assert.match(again.err(), 'never overwritten');
    assert.is(fs.readFileSync(join(box.work, '.quire/ci.fnl'), 'utf8'), text);
    fs.renameSync(join(box.work, '.quire/ci.fnl'), join(box.work, '.quire/ci.lua'));
    assert.is((await said(box, (context) => init(context, null))).code, 2, 'a Lua pipeline is one too');
    fs.mkdirSync(join(box.directory, 'plain'));
    assert.is((await said(box, (context) => init(context, '../plain'))).code, 0, 'not a repository yet');
    assert.is((await said(box, (context) => init(context, box.bare))).code, 2, 'bare');
    const nowhere = await said(box, (context) => init(context, '../nowhere'));
    assert.is(nowhere.code, 2);
    assert.match(nowhere.err(), 'there is no directory');
  }),
);

test.run();
