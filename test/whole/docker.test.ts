/**
 * The demo's pipeline in containers: as on the host, everything about the container recorded, and none left behind.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountOf } from '../rig/account.ts';
import { type DockerRig, dockerRig } from '../rig/docker.ts';
import { type Forge, forge, root, until } from '../rig/forge.ts';

const test = suite('whole/docker');

/** A forge whose quire finds the engine, or a spoken skip. */
const withEngine = (body: (f: Forge, rig: DockerRig) => Promise<void>): (() => Promise<void>) =>
  forge(async (f) => {
    const rig = await dockerRig();
    if (rig === null) return;
    if (rig.env.DOCKER_HOST !== undefined) f.env.DOCKER_HOST = rig.env.DOCKER_HOST;
    try {
      await body(f, rig);
    } finally {
      const left = ours(f, rig);
      if (left.length > 0) rig.docker('rm', '--force', ...left);
    }
  });

/** The containers of this forge's repository or home, whatever their state. */
const ours = (f: Forge, rig: DockerRig): string[] =>
  rig
    .docker('ps', '--all', '--filter', 'label=quire.run', '--format', '{{.ID}} {{.Label "quire.repo"}}')
    .split('\n')
    .filter((line) => line.includes(f.home))
    .map((line) => line.split(' ')[0] ?? '');

const settings = (rig: DockerRig, executor: string): string =>
  `{:executor "${executor}" :max-jobs 2 :docker {:image "${rig.image}" :network "none"}}`;

function demo(f: Forge): void {
  fs.cpSync(join(root, 'templates', 'demo'), f.work, { recursive: true });
  f.commit(null, 'The demo');
}

test(
  "the demo's pipeline comes to the same on the host and in a container, from a push and from ci run",
  withEngine(async (f, rig) => {
    f.install(settings(rig, 'host'));
    demo(f);
    f.push('-o', 'ci.variable=WHO=everyone', 'main');
    const host = await (await f.run(1)).settled();
    assert.is(host.state(), 'complete', String(host.outcome().error));
    const expected = accountOf(host.path());
    assert.not(fs.existsSync(host.path('container.yml')));

    fs.writeFileSync(join(f.data, 'config.fnl'), settings(rig, 'docker'));
    f.push('-o', 'ci.variable=WHO=everyone', 'main:contained');
    const contained = await (await f.run(2)).settled();
    assert.equal(accountOf(contained.path()), expected);
    const stamps = contained.record('container.yml');
    assert.equal(Object.keys(stamps), [
      'engine',
      'image_tag',
      'container_id',
      'container_started_at',
      'container_stopped_at',
    ]);
    assert.is(stamps.image_tag, rig.image);
    assert.match(String(stamps.container_id), /^[0-9a-f]{64}$/);
    const { started_at, finished_at } = contained.record('times.yml');
    const order = [started_at, stamps.container_started_at, stamps.container_stopped_at, finished_at].map(
      String,
    );
    assert.equal(order, [...order].sort());
    assert.equal(ours(f, rig), []);

    fs.mkdirSync(join(f.home, '.config', 'quire'), { recursive: true });
    fs.writeFileSync(join(f.home, '.config', 'quire', 'config.fnl'), settings(rig, 'host'));
    const out = join(f.home, 'out');
    const words = ['--sha', 'main', '--executor', 'docker', '--variable', 'WHO=everyone', '--out-dir', out];
    const said = f.quireIn(f.work, {}, 'ci', 'run', ...words);
    assert.is(said.code, 0, said.err);
    assert.equal(accountOf(out), expected);
    assert.ok(fs.existsSync(join(out, 'container.yml')));
    assert.equal(ours(f, rig), []);
  }),
);

test(
  'a mirror runs on the host: the container needs no git, no network and no credential',
  withEngine(async (f, rig) => {
    f.install(settings(rig, 'docker'));
    const target = join(f.home, 'target.git');
    f.git(f.home, 'init', '-q', '--bare', target);
    const sha = f.commit(`(local ci (require :quire.ci))
(ci.job :inside [:quire/push] (fn [{: sh}] (sh "test ! -e /usr/bin/git && echo $CI $QUIRE_JOB")))
(ci.mirror "${target}" {:after [:inside]})
`);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete', String(run.outcome().error));
    assert.is(run.stream('inside'), 'true inside\n');
    assert.is(f.git(target, 'rev-parse', 'main').trim(), sha);
  }),
);

const waiting = `(local ci (require :quire.ci))
(ci.job :wait [:quire/push] (fn [{: sh}] (sh "touch started; sleep 1000")))
`;

async function underWay(f: Forge, number: number) {
  const run = await f.run(number);
  await until('the command in the container', () => fs.existsSync(join(f.data, 'work', run.id, 'started')));
  return run;
}

test(
  'a run that is canceled leaves no container and no workspace',
  withEngine(async (f, rig) => {
    f.install(settings(rig, 'docker'));
    f.commit(waiting);
    f.push();
    const run = await underWay(f, 1);
    assert.is(ours(f, rig).length, 1);
    const canceled = f.quire('cancel', '1');
    assert.is(canceled.code, 0, canceled.err);
    await run.settled();
    assert.is(run.state(), 'canceled');
    assert.is(typeof run.record('container.yml').container_stopped_at, 'string');
    assert.equal(ours(f, rig), []);
    assert.equal(fs.readdirSync(join(f.data, 'work')), []);
  }),
);

test(
  "when the run's process and its runner are killed, drain ends the container and says orphaned",
  withEngine(async (f, rig) => {
    f.install(settings(rig, 'docker'));
    f.commit(waiting);
    f.push();
    const run = await underWay(f, 1);
    const pids = [await f.doing('runner'), await f.doing('run-process')];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const drained = f.quire('drain');
    assert.is(drained.code, 0, drained.err);
    await run.settled();
    assert.is(run.state(), 'failed');
    assert.is(run.outcome().outcome, 'failed-orphaned');
    assert.is(run.job('wait').reason, 'orphaned');
    assert.is(typeof run.record('container.yml').container_stopped_at, 'string');
    assert.equal(ours(f, rig), []);
    assert.equal(fs.readdirSync(join(f.data, 'work')), []);
  }),
);

test.run();
