/** A run's container on a real engine: where its image comes from, what is recorded, how it ends, what is left. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { docker } from '../../lib/executors/docker/docker.ts';
import { findLeftovers, removeLeftover, removeRunImage } from '../../lib/executors/docker/leftovers.ts';
import type { RunPlace, Session } from '../../lib/executors/executor.ts';
import type { ExecutorFailure } from '../../lib/executors/failure.ts';
import { identify } from '../../lib/process/process.ts';
import { endOf, failureOf, makeRoom, never, type Room, runIn, until } from '../contract/executor.ts';
import { type DockerRig, dockerRig } from '../rig/docker.ts';

const test = suite('executors/container');

/** A test with an engine, and a room whose container is gone afterwards. */
const check = (title: string, body: (room: Room, rig: DockerRig) => Promise<void>) =>
  test(title, async () => {
    const rig = await dockerRig();
    if (rig === null) return;
    const room = makeRoom({ image: rig.image, docker: { network: 'none' }, toolEnv: rig.env });
    try {
      await body(room, rig);
    } finally {
      await docker.recover(room.place, () => {});
      room.remove();
    }
  });

const start = (room: Room, change: Partial<RunPlace> = {}, signal = never) =>
  docker.start({ ...room.place, ...change }, (event) => void room.events.push(event), signal);

async function opened(room: Room, change: Partial<RunPlace> = {}): Promise<Session> {
  const started = await start(room, change);
  if (!started.ok) throw new Error(JSON.stringify(started.error));
  return started.value;
}

async function refused(room: Room, change: Partial<RunPlace> = {}): Promise<ExecutorFailure> {
  const started = await start(room, change);
  if (!started.ok) return started.error;
  await started.value.stop();
  throw new Error('it started');
}

const containers = (rig: DockerRig, room: Room): string =>
  rig.docker('ps', '--all', '--quiet', '--filter', `label=quire.run=${room.place.id}`).trim();

const sh = (session: Session, shell: string, signal = never, heard?: (text: string) => void) =>
  runIn(session, {}, { command: { shell } }, signal, heard);

function dockerfile(room: Room, text: string): void {
  fs.mkdirSync(room.file('.quire'), { recursive: true });
  fs.writeFileSync(room.file('.quire/Dockerfile'), text);
}

const heard = (room: Room): string =>
  room.events.map((event) => (event.kind === 'output' ? event.chunk.toString() : '')).join('');

check('a declared image that is there: the facts in their order, no build', async (room, rig) => {
  const session = await opened(room);
  const name = `quire-${room.place.id}`;
  const labels = rig.docker('inspect', '--format', '{{json .Config.Labels}}', name);
  assert.equal(Object.keys(JSON.parse(labels)).sort(), ['quire.owner', 'quire.repo', 'quire.run']);
  const { container_id } = room.facts();
  assert.is(rig.docker('inspect', '--format', '{{.Id}}', name).trim(), container_id);
  assert.ok((await session.stop()).ok);
  assert.is(containers(rig, room), '');
  const order = room.events.flatMap((event) => (event.kind === 'container' ? Object.keys(event.facts) : []));
  assert.equal(order, [
    'engine',
    'image_tag',
    'container_id',
    'container_started_at',
    'container_stopped_at',
  ]);
  assert.match(room.facts().engine ?? '', /^docker \d+\.\d+/);
});

check(
  'no declared image: the Dockerfile is built with the workspace, tagged, and can be removed',
  async (room, rig) => {
    dockerfile(room, `FROM ${rig.image}\nCOPY said /said\nENV BUILT=yes\nENTRYPOINT ["false"]\n`);
    fs.writeFileSync(room.file('said'), 'from the context\n');
    const session = await opened(room, { image: null });
    const ran = await sh(session, 'cat /said; echo $BUILT');
    assert.is(ran.out.toString(), 'from the context\nyes\n');
    await session.stop();
    const { build_started_at = '', build_finished_at = '', image_tag = '' } = room.facts();
    assert.is(image_tag, `quire-ci/some-repo:${room.place.id}`);
    assert.ok(build_started_at <= build_finished_at && build_started_at !== '');
    assert.match(heard(room), /COPY said/);
    assert.ok((await removeRunImage(room.place, image_tag)).ok);
    assert.is(rig.docker('images', '--quiet', image_tag).trim(), '');
    assert.ok((await removeRunImage(room.place, image_tag)).ok);
    assert.ok((await removeRunImage(room.place, rig.image)).ok);
    assert.not.equal(rig.docker('images', '--quiet', rig.image).trim(), '');
  },
);

check("a declared image wins over a Dockerfile, and both over the operator's", async (room, rig) => {
  dockerfile(room, 'FROM nowhere.invalid/no:1\n');
  const session = await opened(room, { docker: { network: 'none', image: 'nowhere.invalid/other:1' } });
  assert.is(room.facts().image_tag, rig.image);
  await session.stop();
});

check("the operator's image is the last resort, and without it the way out is said", async (room, rig) => {
  const session = await opened(room, { image: null, docker: { network: 'none', image: rig.image } });
  assert.is(room.facts().image_tag, rig.image);
  await session.stop();
  assert.equal(await refused(room, { image: null }), { reason: 'no-image' });
});

check("a Dockerfile that does not build is the pipeline's fault", async (room, rig) => {
  for (const text of [
    `FROM ${rig.image}\nRUN echo connection refused; exit 3\n`,
    'FORM x\n',
    `FROM ${rig.image}\nCOPY none /\n`,
  ]) {
    dockerfile(room, text);
    const failure = await refused(room, { image: null });
    assert.is(failure.reason, 'build-failed', text);
    assert.ok(failure.reason === 'build-failed' && failure.lines.length > 0);
  }
  assert.is(containers(rig, room), '');
});

check("an image that can't be pulled is not the pipeline's fault", async (room) => {
  for (const image of ['127.0.0.1:1/none:1', '--privileged']) {
    const failure = await refused(room, { image });
    assert.is(failure.reason === 'engine' && failure.step, 'pull', image);
  }
  assert.ok(room.facts().build_started_at);
});

check('an engine that is not there says so', async (room, rig) => {
  const toolEnv = { ...rig.env, DOCKER_HOST: 'unix:///nowhere/socket' };
  const failure = await refused(room, { toolEnv });
  assert.is(failure.reason === 'engine' && failure.step, 'reach');
  const missing = await refused(room, { docker: { bin: '/no/such/docker' } });
  assert.match(JSON.stringify(missing), /\/no\/such\/docker not found/);
});

check('an image without a shell is a start that fails, and leaves nothing', async (room, rig) => {
  dockerfile(room, 'FROM scratch\nCOPY x /x\n');
  fs.writeFileSync(room.file('x'), '');
  const failure = await refused(room, { image: null });
  assert.is(failure.reason === 'engine' && failure.step, 'start');
  assert.match(JSON.stringify(failure), /\\"sh\\"/);
  assert.is(containers(rig, room), '');
  await removeRunImage(room.place, room.facts().image_tag ?? '');
});

check('a container that dies under a command is a failure of its own', async (room, rig) => {
  const session = await opened(room);
  const dying = sh(session, 'echo ready; sleep 60', never, () => {
    rig.docker('kill', `quire-${room.place.id}`);
  });
  const failure = failureOf(await dying);
  assert.equal(failure, { reason: 'container-exited', code: 137, outOfMemory: false, lines: [] });
  const after = failureOf(await sh(session, 'true'));
  assert.is(after.reason, 'container-exited');
  assert.ok((await session.stop()).ok);
  assert.ok(room.facts().container_stopped_at);
});

check('the ceiling ends a container that nobody stopped', async (room) => {
  const session = await opened(room, { lifeMs: 1 });
  const failure = failureOf(await sh(session, 'sleep 60'));
  assert.is(failure.reason, 'container-exited');
});

check("a command may print the engine's words", async (room) => {
  const session = await opened(room);
  const ran = await sh(session, 'echo "Error response from daemon: no" >&2; exit 1');
  assert.equal(endOf(ran), { kind: 'exited', code: 1, endedBy: null });
  await session.stop();
});

check('no environment value is in an argv', async (room) => {
  const session = await opened(room);
  const token = `token-${Math.random()}`;
  let argvs = '';
  await runIn(
    session,
    {},
    { command: { shell: 'echo; sleep 0.1' }, env: { TOKEN: token, HOME: token } },
    never,
    () => {
      for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          argvs += fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          // It ended meanwhile.
        }
      }
    },
  );
  assert.match(argvs, /exec/);
  assert.not.match(argvs, token);
  await session.stop();
});

check("files are the user's afterwards, also when the container died", async (room, rig) => {
  const user = { uid: 4711, gid: 4712 };
  const session = await opened(room, { user });
  await sh(session, 'mkdir d; echo > d/f; ln -s /etc/passwd link; echo > /cache/c');
  rig.docker('kill', `quire-${room.place.id}`);
  await session.stop();
  for (const path of [room.file('d/f'), room.file('d'), room.file('link'), join(room.place.cache, 'c')]) {
    const { uid, gid } = fs.lstatSync(path);
    assert.equal({ uid, gid }, user, path);
  }
  assert.is(fs.statSync('/etc/passwd').uid, 0);
});

check('memory and processors are limited', async (room) => {
  const session = await opened(room, { docker: { network: 'none', memory: '64m', cpus: 0.5 } });
  const ran = await sh(session, 'tail /dev/zero');
  assert.equal(endOf(ran), { kind: 'signaled', signal: 'SIGKILL', endedBy: null });
  await session.stop();
});

check('zombies are reaped', async (room) => {
  const session = await opened(room);
  await sh(session, 'for i in 1 2 3 4 5; do setsid sh -c "sleep 0.01 & exec sleep 0.05" & done; sleep 0.3');
  const ran = await sh(session, 'sleep 0.1; cat /proc/[0-9]*/stat | grep -c ") Z "');
  assert.is(ran.out.toString().trim(), '0');
  await session.stop();
});

check('a canceled build leaves no client and no container', async (room, rig) => {
  dockerfile(room, `FROM ${rig.image}\nRUN echo begun; sleep 60\n`);
  const cancel = new AbortController();
  const starting = docker.start(
    { ...room.place, image: null },
    (event) => {
      room.events.push(event);
      if (/begun/.test(heard(room))) cancel.abort();
    },
    cancel.signal,
  );
  const started = await starting;
  assert.equal(started.ok || started.error, { reason: 'canceled' });
  assert.is(containers(rig, room), '');
});

check('a container whose owner is dead is found and removed, the others are not', async (room, rig) => {
  const owner = spawn('sleep', ['60']);
  const identity = identify(owner.pid);
  if (identity === null) throw new Error('it runs');
  await opened(room, { owner: identity });
  assert.equal(await findLeftovers(room.place), { ok: true, value: [] });
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const found = await findLeftovers(room.place);
  if (!found.ok || found.value[0] === undefined) throw new Error(JSON.stringify(found));
  assert.equal(
    found.value.map(({ run }) => run),
    [room.place.id],
  );
  assert.ok((await removeLeftover(room.place, found.value[0])).ok);
  assert.ok((await removeLeftover(room.place, found.value[0])).ok);
  assert.is(containers(rig, room), '');
});

check('recovery removes a container that comes up late', async (room, rig) => {
  // As if a client had died with its request in flight: the container appears after the first look.
  const args = [
    'run',
    '-d',
    '--network',
    'none',
    '--label',
    `quire.run=${room.place.id}`,
    '--entrypoint',
    'sleep',
  ];
  const late = setTimeout(() => execFileSync('docker', [...args, rig.image, '60'], { env: rig.env }), 100);
  const recovered = await docker.recover(room.place, (event) => void room.events.push(event));
  clearTimeout(late);
  assert.ok(recovered.ok);
  await until(() => containers(rig, room) === '', 'the late container is gone');
  assert.ok(room.facts().container_stopped_at);
});

test.run();
