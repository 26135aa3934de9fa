/** `quire ci run`, started as people start it, in real work trees. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { type Forge, forge, type Said, until } from '../rig/forge.ts';
import { Talker } from './talker.ts';

const test = suite('cli/ci run');

const pipeline = (...jobs: string[]): string => `(local ci (require :quire.ci))\n${jobs.join('\n')}\n`;
const job = (id: string, inputs: string, body: string): string =>
  `(ci.job :${id} [${inputs}] (fn [{: sh : sh! : secret : log : jobs}] ${body}))`;

const run = (f: Forge, ...words: string[]): Said => f.quireIn(f.work, {}, 'ci', 'run', ...words);

test(
  'runs the work tree in place: lines with their job, a summary, exit 0; dirty files count',
  forge((f) => {
    f.commit(
      pipeline(
        job('build', ':quire/push', '(sh! "cat a.txt; echo made > made.txt") {:n 3}'),
        job(
          'test',
          ':build',
          '(log (.. "n is " (. (jobs :build) :n) " " (tostring (. (jobs :quire/push) :dirty))))',
        ),
      ),
    );
    f.write('a.txt', 'not committed\n');
    const said = run(f);
    assert.is(said.code, 0, said.err);
    assert.match(said.out, /^build │ \$ cat a\.txt; echo made > made\.txt$/m);
    assert.match(said.out, /^build │ not committed$/m);
    assert.match(said.out, /^test {2}│ n is 3 true$/m);
    assert.match(said.out, /^✔ complete {2}build {2}[\d.]+ m?s$/m);
    assert.match(said.out, /^succeeded in /m);
    assert.is(fs.readFileSync(join(f.work, 'made.txt'), 'utf8'), 'made\n');
  }),
);

test(
  'a failed job is exit 1 and says why; what needs it is skipped; --job leaves the others out',
  forge((f) => {
    f.commit(
      pipeline(
        job('red', ':quire/push', '(sh "exit 3")'),
        job('after', ':red', '(sh! "true")'),
        job('green', ':quire/push', '(sh! "true")'),
      ),
    );
    const all = run(f);
    assert.is(all.code, 1);
    assert.match(all.out, /^✘ red: .*exited 3/m);
    assert.match(all.out, /^– skipped {3}after {2,}needs red$/m);
    const one = run(f, '--job', 'green');
    assert.is(one.code, 0);
    assert.not.match(one.out, /red/);
    const none = run(f, '--job', 'gren');
    assert.is(none.code, 2);
    assert.match(none.err, /there is no job 'gren'; did you mean 'green'\?/);
  }),
);

test(
  'a commit runs in a workspace of its own, with the records where --out-dir says',
  forge((f) => {
    f.commit(
      pipeline(job('where', ':quire/push', '(sh! "pwd; cat a.txt; printf out; printf err >&2; ls -A")')),
    );
    f.write('a.txt', 'committed\n');
    const sha = f.commit(null);
    f.write('a.txt', 'dirty\n');
    const out = join(f.home, 'out');
    const said = run(f, '--sha', 'HEAD', '--out-dir', out, '--variable', 'K=v');
    assert.is(said.code, 0, said.err);
    assert.match(said.out, /^committed$/m);
    assert.not.match(said.out, /^\.git$/m);
    const [directory] = said.out.match(/^\/.*quire-.*$/m) ?? [];
    assert.not.ok(fs.existsSync(directory ?? '/'), 'the workspace is gone');
    const record = (file: string) => parse(fs.readFileSync(join(out, file), 'utf8'));
    assert.is(record('meta.yml').sha, sha);
    assert.equal(record('meta.yml').variables, { K: 'v' });
    assert.is(record('outcome.yml').outcome, 'succeeded');
    assert.is(record('jobs/where/job.yml').state, 'complete');
    const log: { out?: string; err?: string }[] = record('jobs/where/log.yml');
    assert.match(log.map((entry) => entry.out ?? '').join(''), /committed\nout/);
    assert.is(log.map((entry) => entry.err ?? '').join(''), 'err');
    // Again, in place, and of no branch: each replaces what the one before has left there.
    f.git(f.work, 'checkout', '-q', '--detach');
    for (const _ of [1, 2]) {
      const again = run(f, '--out-dir', out);
      assert.is(again.code, 0, again.err);
      assert.equal(record('meta.yml').variables, {});
    }
  }),
);

test(
  'what is wrong with a pipeline is drawn and is exit 1; no pipeline, a wrong revision or executor is exit 2',
  forge((f) => {
    f.commit(null);
    assert.is(run(f).code, 2);
    f.commit(pipeline('(ci.job :a [] (fn []))', '(ci.job :b [:nobody] (fn []))'));
    const faulty = run(f);
    assert.is(faulty.code, 1);
    assert.match(faulty.err, /\.quire\/ci\.fnl:2:.*\n.*\(ci\.job :a \[\]/);
    assert.match(faulty.err, /nobody/);
    assert.is(run(f, '--sha', 'nonsense').code, 2);
    const executor = run(f, '--executor', 'dokcer');
    assert.is(executor.code, 2);
    assert.match(executor.err, /Did you mean 'docker'\?/);
    assert.is(f.quireIn(f.repo, {}, 'ci', 'run').code, 2);
  }),
);

test(
  'secrets come from the owner’s settings and are masked; broken settings are exit 3, with their line',
  forge((f) => {
    f.commit(pipeline(job('a', ':quire/push', '(sh! (.. "echo " (secret :token)))')));
    const config = join(f.home, '.config/quire/config.fnl');
    fs.mkdirSync(join(config, '..'), { recursive: true });
    fs.writeFileSync(config, '{:secrets {:token "correct-horse-battery"}}');
    const said = run(f, '--events', join(f.home, 'events'));
    assert.is(said.code, 0, said.err);
    assert.match(said.out, /^\{\{ token \}\}$/m);
    assert.not.match(said.out + fs.readFileSync(join(f.home, 'events'), 'utf8'), /correct-horse/);
    fs.writeFileSync(config, '{:secrets\n 7}');
    const broken = run(f);
    assert.is(broken.code, 3);
    assert.match(broken.err, /config\.fnl:1:2: error: :secrets/);
  }),
);

test(
  '--events stdout is nothing but JSON, and the display goes to stderr',
  forge((f) => {
    f.commit(pipeline(job('a', ':quire/push', '(log "hi") (sh! "printf %b \'ok\\\\0377\'")')));
    const said = run(f, '--events', 'stdout');
    assert.is(said.code, 0, said.err);
    const events = said.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      events.map(({ event }) => event),
      [
        'run-started',
        'job-started',
        'note',
        'command-started',
        'output',
        'command-finished',
        'job-finished',
        'run-finished',
      ],
    );
    const [started] = events;
    assert.equal(Object.keys(started).sort(), ['at', 'event', 'jobs', 'number', 'ref', 'run', 'sha'].sort());
    const { at: _, ...output } = events[4];
    const bytes = Buffer.from([0x6f, 0x6b, 0xff]).toString('base64');
    assert.equal(output, { event: 'output', job: 'a', sh: 1, stream: 'out', base64: bytes });
    assert.is(events.at(-1).outcome, 'succeeded');
    assert.match(said.err, /succeeded in/);
  }),
);

test(
  'a pipeline that does not evaluate ends its events with run-finished as well',
  forge((f) => {
    f.commit('(nonsense');
    const said = run(f, '--events', 'stdout');
    assert.is(said.code, 1);
    const { at: _, ...last } = JSON.parse(said.out.trim());
    assert.equal(last, { event: 'run-finished', state: 'failed', outcome: 'failed-pipeline' });
  }),
);

test(
  '^C ends what the jobs started, daemons too, and is exit 130',
  forge(async (f) => {
    f.commit(pipeline(job('long', ':quire/push', '(sh "setsid sleep 611 & echo up; sleep 612")')));
    const talker = new Talker(f, f.work, 'ci', 'run');
    await talker.hears('\nup\n');
    assert.is(await talker.stop(), 130);
    assert.match(talker.said(), /canceled in/);
    await until('every process to end', () => f.processes().length === 0);
  }),
);

test(
  'a directory where nothing can be made, or that holds something else, is said at once',
  forge(async (f) => {
    f.commit('(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [] {}))\n');
    const said = run(f, '--out-dir', '/proc/quire/out');
    assert.is(said.code, 3);
    assert.match(said.err, /\/proc\/quire/);
    fs.writeFileSync(join(f.home, 'meta.yml'), 'mine');
    const strange = run(f, '--out-dir', f.home);
    assert.is(strange.code, 3);
    assert.match(strange.err, /meta\.yml is in the way: name a directory/);
  }),
);

test.run();
