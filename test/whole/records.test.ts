/**
 * Records and events that somebody broke: set aside and named, and nothing blocks the queue.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, until } from '../rig/forge.ts';

const test = suite('whole/records');

const one = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))`;

/** YAML that a careless reader would choke on, or believe. */
const hostile: readonly [what: string, text: string][] = [
  [
    'an alias bomb',
    `a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n`,
  ],
  ['20,000 open brackets', '['.repeat(20_000)],
  ['a tag', 'at: !!js/function "x"\n'],
  ['duplicate keys', 'at: "2026-11-21T09:00:00.000Z"\nat: "2026-11-21T09:00:00.000Z"\n'],
  ['nothing', ''],
  ['bytes', '\u0000\u0001\u0002'],
];

test(
  'events that can’t be read are set aside and named by hook, status and doctor; the others run',
  forge(async (f) => {
    f.install();
    for (const [at, [, text]] of hostile.entries())
      fs.writeFileSync(join(f.data, 'inbox', `176371560000000000${at}-bad.yml`), text);
    fs.mkdirSync(join(f.data, 'inbox', '1763715600000000010-dir.yml'));
    f.commit(one('true'));
    const said = f.push();
    assert.match(said, /1763715600000000000-bad\.yml.*inbox\/bad/);
    assert.match(said, /run 1 {2}main/);
    await (await f.run(1)).settled();
    const bad = fs.readdirSync(join(f.data, 'inbox', 'bad'));
    assert.is(bad.length, hostile.length);
    for (const command of ['status', 'doctor']) {
      const { out, err } = f.quire(command);
      assert.match(out + err, /bad/, command);
    }
  }),
);

async function paused(f: Forge, count: number) {
  f.install();
  f.commit(one('true'));
  assert.is(f.quire('pause').code, 0);
  f.push(...Array.from({ length: count }, (_, n) => `main:b${n}`));
  await f.quiet();
  return f.runs();
}

test(
  'pending runs that can’t be read fail with the reason; the queue goes on',
  forge(async (f) => {
    const files = ['times.yml', 'pipeline.yml', 'meta.yml'];
    const runs = await paused(f, hostile.length * files.length + 1);
    const last = runs.at(-1);
    const broken = runs.slice(0, -1).map((run, at) => {
      const file = files[at % files.length] ?? '';
      const [what, text] = hostile[Math.floor(at / files.length)] ?? ['', ''];
      fs.writeFileSync(run.path(file), text);
      // A pipeline.yml that a power loss emptied was never written: the run is evaluated again.
      return { run, what: `${file}: ${what}`, runs: file === 'pipeline.yml' && text === '' };
    });
    fs.rmSync(join(f.data, 'paused'));
    assert.is(f.quire('drain').code, 0);
    for (const { run, what, runs: goesOn } of broken) {
      assert.is(run.state(), goesOn ? 'complete' : 'failed', what);
      if (!goesOn) assert.is(run.outcome().outcome, 'failed-internal', what);
    }
    assert.is(last?.state(), 'complete');
    assert.is(f.quire('list').code, 0);
    assert.equal(fs.readdirSync(join(f.data, 'runs', '.unsettled')), []);
  }),
);

test(
  'active runs that can’t be read, and owners that are somebody else by now',
  forge(async (f) => {
    f.install();
    const wait = f.puppet('wait');
    f.commit(one(wait.command));
    f.push();
    await wait.called();
    const [run] = f.runs();
    for (const pid of [await f.doing('runner'), await f.doing('run-process')]) process.kill(pid, 'SIGKILL');
    assert.ok(run);
    // The pid of this very process, but started at another time: nobody's, and not to be killed.
    const owner = run.record('owner.yml');
    fs.writeFileSync(run.path('owner.yml'), `pid: ${process.pid}\nstart: 1\nboot: "${owner.boot}"\n`);
    fs.writeFileSync(run.path('jobs', 'a', 'job.yml'), '[[[');
    assert.is(f.quire('drain').code, 0);
    assert.is(run.state(), 'failed');
    assert.is(run.outcome().outcome, 'failed-internal');
    await f.quiet();
    // After a reboot the same pid and start mean nothing.
    f.push('main:other');
    const second = await f.run(2);
    await wait.called(2);
    for (const pid of [await f.doing('runner'), await f.doing('run-process')]) process.kill(pid, 'SIGKILL');
    const start = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19];
    fs.writeFileSync(second.path('owner.yml'), `pid: ${process.pid}\nstart: ${start}\nboot: "another"\n`);
    assert.is(f.quire('drain').code, 0);
    assert.is(second.outcome().outcome, 'failed-orphaned');
    await f.quiet();
  }),
);

test(
  'a symlink where a run should be is set aside, and nothing is written through it',
  forge(async (f) => {
    const [first, second] = await paused(f, 2);
    assert.ok(first && second);
    const elsewhere = join(f.home, 'elsewhere');
    fs.renameSync(first.path(), elsewhere);
    fs.symlinkSync(elsewhere, join(f.data, 'runs', 'pending', first.id));
    fs.symlinkSync('/', join(f.data, 'runs', 'active', 'root'));
    const before = fs.readdirSync(elsewhere);
    fs.rmSync(join(f.data, 'paused'));
    assert.is(f.quire('drain').code, 0);
    assert.is(second.state(), 'complete');
    assert.equal(fs.readdirSync(elsewhere), before);
    const aside = fs.readdirSync(join(f.data, 'runs', 'failed')).filter((name) => name.startsWith('.bad-'));
    assert.equal(aside.sort(), [`.bad-${first.id}`, '.bad-root'].sort());
    // Of finished runs it is found by whoever puts things in order.
    for (const [words, target] of [
      [['drain'], 'drained'],
      [['cleanup', '--keep', '9'], 'cleaned'],
    ] as const) {
      const outside = join(f.home, target);
      const home = join(f.data, 'runs', 'complete', second.id);
      fs.renameSync(home, outside);
      fs.symlinkSync(outside, home);
      assert.match(f.quire(...words).err, /set-aside: a symlink in complete\//);
      assert.ok(fs.lstatSync(join(f.data, 'runs', 'failed', `.bad-${second.id}`)).isSymbolicLink());
      assert.ok(fs.existsSync(join(outside, 'meta.yml')));
      fs.rmSync(join(f.data, 'runs', 'failed', `.bad-${second.id}`));
      fs.renameSync(outside, home);
    }
  }),
);

test(
  'a clock that jumps back: stamps never do',
  forge(async (f) => {
    f.install();
    f.commit(one('true'));
    f.quire('pause');
    f.push();
    const run = await f.run(1);
    const late = '2126-01-01T00:00:00.000Z';
    fs.writeFileSync(run.path('times.yml'), `created_at: "${late}"\nstarted_at: null\nfinished_at: null\n`);
    assert.is(f.quire('resume').code, 0);
    await run.settled();
    assert.equal(run.record('times.yml'), { created_at: late, started_at: late, finished_at: late });
    await until('the end', () => run.state() === 'complete');
  }),
);

test(
  'somebody died while ending a pending run: it runs all the same, and its stamps stay in order',
  forge(async (f) => {
    const [run] = await paused(f, 1);
    assert.ok(run);
    const times = run.record('times.yml');
    const ended = times.created_at;
    fs.writeFileSync(
      run.path('times.yml'),
      `created_at: "${ended}"\nstarted_at: null\nfinished_at: "${ended}"\n`,
    );
    assert.is(f.quire('resume').code, 0);
    await run.settled();
    assert.is(run.state(), 'complete');
    assert.equal(run.record('times.yml'), { created_at: ended, started_at: ended, finished_at: ended });
  }),
);

test(
  'pages that could not be written are written by the next quire command that can',
  forge(async (f) => {
    f.install();
    f.commit('(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: log}] (log "hello")))');
    // A file where the site's directory should be.
    fs.writeFileSync(join(f.data, 'site'), '');
    f.push();
    const run = await f.run(1);
    const mark = join(f.data, 'runs', '.unsettled', run.id);
    await until('the end', () => run.state() === 'complete');
    await f.quiet();
    assert.ok(fs.existsSync(mark), 'the mark says that nobody has published it');
    fs.rmSync(join(f.data, 'site'));
    assert.is(f.quire('drain').code, 0);
    assert.not(fs.existsSync(mark));
    assert.ok(fs.existsSync(join(f.data, 'site', 'runs', run.id, 'index.html')));
  }),
);

test.run();
