/**
 * Config `:mirrors`: every update goes to every target, whatever becomes of the runs and of the other targets.
 */
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, until } from '../rig/forge.ts';

const test = suite('whole/mirrors');

const one = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh}] (sh "${command}")))`;

function target(f: Forge, name: string): string {
  const path = join(f.home, name);
  f.git(f.home, 'init', '-q', '--bare', path);
  return path;
}

const refsOf = (f: Forge, path: string): string =>
  f.git(path, 'for-each-ref', '--format=%(refname) %(objectname)');
const kept = (f: Forge): string[] => {
  const path = join(f.data, 'inbox', '.mirror');
  return fs.existsSync(path) ? fs.readdirSync(path) : [];
};
const runnerLog = (f: Forge): string => fs.readFileSync(join(f.data, 'runner.log'), 'utf8');

test(
  'every branch and tag goes to every target; a bad one is said and stops nobody',
  forge(async (f) => {
    const [first, second] = [target(f, 'one.git'), target(f, 'two.git')];
    f.install(
      `{:mirrors {"${first}" false "${join(f.home, 'nowhere.git')}" false "file://${second}" false}}`,
    );
    f.commit(one('true'));
    f.git(f.work, 'tag', '-a', '-m', 'annotated', 'v1');
    f.push('main', 'v1', 'main:refs/notes/x');
    await f.quiet();
    const wanted = refsOf(f, f.repo)
      .split('\n')
      .filter((line) => !line.startsWith('refs/notes'))
      .join('\n');
    assert.is(refsOf(f, first), wanted);
    assert.is(refsOf(f, second), wanted);
    assert.equal(kept(f), []);
    assert.match(runnerLog(f), /mirror \S+nowhere\.git: .*does not appear to be a git repository/);
    for (const run of f.runs()) {
      assert.is(run.state(), 'complete');
      const log = fs.readFileSync(run.path('log.yml'), 'utf8');
      assert.match(log, /"note": "mirror \S+one\.git: refs\/heads\/main refs\/tags\/v1 pushed"/);
      assert.match(log, /nowhere\.git/);
    }
  }),
);

test(
  'without a pipeline, while paused, and past a refusal: nothing is forced',
  forge(async (f) => {
    const there = target(f, 'there.git');
    f.install(`{:mirrors {"${there}" false}}`);
    f.quire('pause');
    const first = f.commit(null, 'no pipeline');
    f.push();
    await until('the mirror', () => refsOf(f, there) === `refs/heads/main ${first}\n`);
    f.commit(null, 'second');
    f.push();
    const second = f.git(f.work, 'rev-parse', 'HEAD').trim();
    await until('the mirror', () => refsOf(f, there) === `refs/heads/main ${second}\n`);
    f.git(f.work, 'commit', '-q', '--amend', '--allow-empty', '-m', 'other');
    f.push('-f', 'main', 'main:fresh');
    await f.quiet();
    assert.match(refsOf(f, there), new RegExp(`refs/heads/main ${second}`));
    assert.match(refsOf(f, there), /refs\/heads\/fresh/);
    assert.match(runnerLog(f), /not a fast-forward/);
    assert.equal(kept(f), []);
  }),
);

test(
  'a runner that dies in the middle, a target that hangs, a config that breaks: what waits is on disk and goes later',
  forge(async (f) => {
    const good = target(f, 'good.git');
    const asked: string[] = [];
    const server = http.createServer((request, response) => {
      asked.push(request.headers.authorization ?? '');
      if (asked.length > 1) response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
    try {
      f.install(`{:secrets {:token "s3cr3t-token-value"} :mirrors {"${good}" false "${url}" :token}}`);
      const sha = f.commit(null, 'first');
      f.push();
      await until('the request', () => asked.length === 1);
      await until('the good target', () => refsOf(f, good) === `refs/heads/main ${sha}\n`);
      assert.is(kept(f).length, 1);
      const runner = await f.doing('runner');
      process.kill(runner, 'SIGKILL');
      await until('its end', () => f.processes().every(({ pid }) => pid !== runner));
      for (const { pid } of f.processes()) process.kill(pid, 'SIGKILL');
      const config = fs.readFileSync(join(f.data, 'config.fnl'), 'utf8');
      fs.writeFileSync(join(f.data, 'config.fnl'), '{');
      // The server answers in this process, which must not stand still.
      assert.is((await f.quireGoing('drain').ended).code, 0);
      assert.is(kept(f).length, 1);
      fs.writeFileSync(join(f.data, 'config.fnl'), config);
      assert.is((await f.quireGoing('drain').ended).code, 0);
      assert.is(kept(f).length, 0);
      const header = `Basic ${Buffer.from('x-access-token:s3cr3t-token-value').toString('base64')}`;
      assert.ok(asked.length >= 2);
      assert.ok(asked.every((each) => each === header || each === ''));
      assert.ok(asked.includes(header));
      assert.not.match(runnerLog(f), /s3cr3t/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }),
);

test(
  'a repository that a job could have made is not pushed to, from the config or from a pipeline',
  forge(async (f) => {
    f.install();
    const trap = join(f.data, 'cache', 'trap.git');
    const ran = join(f.home, 'ran');
    fs.symlinkSync(join(f.data, 'cache'), join(f.home, 'link'));
    fs.writeFileSync(join(f.data, 'config.fnl'), `{:mirrors {"${join(f.home, 'link', 'trap.git')}" false}}`);
    f.commit(`
(local ci (require :quire.ci))
(ci.job :trap [:quire/push] (fn [{: sh}]
  (sh "git init -q --bare $QUIRE_CACHE/trap.git && printf '#!/bin/sh\\ntouch ${ran}\\n' > $QUIRE_CACHE/trap.git/hooks/post-receive && chmod +x $QUIRE_CACHE/trap.git/hooks/post-receive")))
(ci.mirror "file://${trap.replace('trap', '%74rap')}" {:after [:trap]})
`);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.job('trap').state, 'complete');
    assert.match(String(run.job('quire/mirror').error), /where jobs may write/);
    f.commit(null, 'again [skip ci]');
    f.push();
    await f.quiet();
    assert.match(runnerLog(f), /where jobs may write/);
    assert.not(fs.existsSync(ran));
    assert.is(refsOf(f, trap), '');
  }),
);

test.run();
