/**
 * What every executor must do, whatever it runs commands on. An executor's own test file is ten lines.
 *
 * Must not know: any executor.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../lib/base/clock.ts';
import { type JobId, runId } from '../../lib/base/ids.ts';
import type { Result } from '../../lib/base/result.ts';
import type {
  CommandSpec,
  ContainerFacts,
  Executor,
  ExecutorEvent,
  RunPlace,
  Session,
} from '../../lib/executors/executor.ts';
import type { ExecutorFailure } from '../../lib/executors/failure.ts';
import { type CommandEnd, self } from '../../lib/process/process.ts';

export type Subject = {
  readonly executor: Executor;
  /** What this executor needs besides a workspace; null: skip everything, the reason was printed. */
  readonly place: () => Promise<Pick<RunPlace, 'image' | 'docker' | 'toolEnv' | 'spawn'> | null>;
  /** What the test's commands get as the machine's environment. */
  readonly hostEnv: Readonly<Record<string, string>>;
  /** Whether output is still heard after the command's end; `docker exec` hangs up with the command. */
  readonly hearsLate: boolean;
};

export type Room = {
  readonly place: RunPlace;
  readonly events: ExecutorEvent[];
  facts(): ContainerFacts;
  file(name: string): string;
};

let rooms = 0;

/** A workspace and a cache in a temp directory of their own. */
export function makeRoom(
  rest: Pick<RunPlace, 'image' | 'docker' | 'toolEnv' | 'spawn'>,
): Room & { remove(): void } {
  const home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'quire-executor-')));
  rooms += 1;
  const events: ExecutorEvent[] = [];
  const place: RunPlace = {
    ...rest,
    id: runId(Date.now(), `${home}${rooms}`),
    repo: 'Some Repo',
    dataDirectory: home,
    workspace: join(home, 'work, "1"'),
    cache: join(home, 'cache'),
    owner: self(),
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    lifeMs: 120_000,
    graceMs: 400,
    clock: systemClock,
  };
  fs.mkdirSync(place.workspace);
  fs.mkdirSync(place.cache);
  return {
    place,
    events,
    facts: () => Object.assign({}, ...events.map((event) => (event.kind === 'container' ? event.facts : {}))),
    file: (name) => join(place.workspace, name),
    remove: () => fs.rmSync(home, { recursive: true, force: true }),
  };
}

export type Ran = {
  readonly result: Result<CommandEnd, ExecutorFailure>;
  readonly out: Buffer;
  readonly err: string;
};

export const never = new AbortController().signal;

/** The command's end, or a failed test. */
export function endOf(ran: Ran): CommandEnd {
  if (!ran.result.ok) assert.unreachable(JSON.stringify(ran.result.error));
  return (ran.result as { value: CommandEnd }).value;
}

export function failureOf(ran: Ran): ExecutorFailure {
  if (ran.result.ok) assert.unreachable(`ended: ${JSON.stringify(ran.result.value)}, ${ran.err}`);
  return (ran.result as { error: ExecutorFailure }).error;
}

/** Runs one command and keeps what it says. */
export async function runIn(
  session: Session,
  hostEnv: CommandSpec['hostEnv'],
  spec: Partial<CommandSpec> & Pick<CommandSpec, 'command'>,
  signal: AbortSignal = never,
  heard?: (text: string) => void,
): Promise<Ran> {
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  const whole: CommandSpec = {
    job: 'build' as JobId,
    cwd: null,
    hostEnv,
    env: {},
    stdin: null,
    timeoutMs: null,
    ...spec,
  };
  const hear = (stream: 'out' | 'err', chunk: Buffer) => {
    (stream === 'out' ? out : errors).push(chunk);
    heard?.(chunk.toString());
  };
  const result = await session.run(whole, hear, signal);
  return { result, out: Buffer.concat(out), err: Buffer.concat(errors).toString() };
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) assert.unreachable(`not in time: ${what}`);
    await pause(10);
  }
}

/** Starts a process that writes to a file for ever and has left its parent, its group and its session. */
const daemon = (file: string): string =>
  `setsid sh -c 'while :; do echo x >> ${file}; sleep 0.02; done' > /dev/null 2>&1 < /dev/null & while ! [ -s ${file} ]; do sleep 0.01; done`;

const size = (path: string): number => (fs.existsSync(path) ? fs.statSync(path).size : 0);

async function assertStill(path: string): Promise<void> {
  const before = size(path);
  await pause(150);
  assert.is(size(path), before, 'the process goes on');
}

/** The suite for one executor; the caller runs it. */
export function executorContract(name: string, subject: Subject) {
  const test = suite(`executor/${name}`);
  let rest: Awaited<ReturnType<Subject['place']>> = null;
  let room: ReturnType<typeof makeRoom>;
  let session: Session;

  const open = async (where: Room): Promise<Session> => {
    const started = await subject.executor.start(
      where.place,
      (event) => void where.events.push(event),
      never,
    );
    if (!started.ok) assert.unreachable(JSON.stringify(started.error));
    return (started as { value: Session }).value;
  };
  const run = (
    spec: Partial<CommandSpec> & Pick<CommandSpec, 'command'>,
    signal?: AbortSignal,
    heard?: (text: string) => void,
  ) => runIn(session, subject.hostEnv, spec, signal, heard);
  const sh = (shell: string, spec: Partial<CommandSpec> = {}) => run({ command: { shell }, ...spec });

  /** A test in the suite's one session. */
  const check = (title: string, body: () => Promise<void>) =>
    test(title, async () => {
      if (rest !== null) await body();
    });
  /** A test with a session of its own, stopped and removed in any case. */
  const alone = (title: string, body: (own: Session, where: Room) => Promise<void>) =>
    test(title, async () => {
      if (rest === null) return;
      const where = makeRoom(rest);
      const own = await open(where);
      try {
        await body(own, where);
      } finally {
        await own.stop();
        where.remove();
      }
    });

  test.before(async () => {
    rest = await subject.place();
    if (rest === null) return;
    room = makeRoom(rest);
    session = await open(room);
  });
  test.after(async () => {
    if (rest === null) return;
    const stopped = await session.stop();
    room.remove();
    assert.ok(stopped.ok, JSON.stringify(stopped));
  });

  check('a failing command is an exit code, not a failure', async () => {
    for (const code of [0, 1, 3, 125, 126, 127]) {
      assert.equal(endOf(await sh(`exit ${code}`)), { kind: 'exited', code, endedBy: null });
    }
  });

  check('the two streams are apart', async () => {
    const ran = await sh('echo good; echo bad >&2');
    assert.is(ran.out.toString(), 'good\n');
    assert.is(ran.err, 'bad\n');
  });

  check('an argv meets no shell', async () => {
    const ran = await run({ command: { argv: ['printf', '%s|', '$HOME', 'a b', "it's", '', '-n', 'é\n'] } });
    assert.is(ran.out.toString(), "$HOME|a b|it's||-n|é\n|");
  });

  check('a signal is told from an exit code', async () => {
    for (const signal of ['KILL', 'TERM', 'SEGV']) {
      const end = endOf(await sh(`kill -${signal} $$`));
      assert.equal(end, { kind: 'signaled', signal: `SIG${signal}`, endedBy: null });
    }
  });

  check('bytes stay bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.equal((await run({ command: { argv: ['cat'] }, stdin: bytes })).out, bytes);
  });

  check('stdin is given whole, and is empty otherwise', async () => {
    const text = 'line é\n'.repeat(200_000);
    assert.is((await run({ command: { argv: ['cat'] }, stdin: text })).out.toString(), text);
    assert.is((await run({ command: { argv: ['cat'] } })).out.length, 0);
    assert.is((await sh('cat /dev/stdin', { stdin: 'through its name' })).out.toString(), 'through its name');
  });

  check('a command that does not read its stdin is no failure', async () => {
    assert.equal(endOf(await sh('exit 4', { stdin: 'x'.repeat(3_000_000) })), {
      kind: 'exited',
      code: 4,
      endedBy: null,
    });
  });

  check('the streams can be opened by their names', async () => {
    const ran = await sh('echo one > /dev/stdout; echo two > /dev/stderr');
    assert.is(ran.out.toString(), 'one\n');
    assert.is(ran.err, 'two\n');
  });

  check('big output comes whole', async () => {
    const ran = await sh('head -c 30000000 /dev/zero');
    assert.is(ran.out.length, 30_000_000);
    assert.is(
      createHash('sha256').update(ran.out).digest('hex'),
      createHash('sha256').update(Buffer.alloc(30_000_000)).digest('hex'),
    );
  });

  check('a slow listener holds the command back, so memory is bounded', async () => {
    let heard = 0;
    let free = () => {};
    const gate = new Promise<void>((open) => {
      free = open;
    });
    const command = { shell: 'head -c 20000000 /dev/zero; echo done > finished' };
    const spec = { job: 'build', command, cwd: null, hostEnv: subject.hostEnv, env: {}, stdin: null };
    const running = session.run(
      { ...spec, timeoutMs: null } as CommandSpec,
      async (_, chunk) => {
        heard += chunk.length;
        await gate;
      },
      never,
    );
    await until(() => heard > 0, 'the first chunk');
    await pause(300);
    assert.ok(heard <= 65_536 * 2, `${heard} bytes were pushed at a listener that was busy`);
    free();
    assert.ok((await running).ok);
    assert.is(heard, 20_000_000);
  });

  check('the environment is what was given and nothing of ours', async () => {
    process.env.QUIRE_TEST_LEAK = 'leaked';
    const odd = { PLAIN: 'a b', QUOTED: `'"$x\\`, LINES: 'one\ntwo\n', ACCENT: 'é✓', EMPTY: '', _x1: '1' };
    try {
      const names = (await sh('env | cut -d= -f1', { env: odd })).out.toString().split('\n');
      for (const key of Object.keys(odd)) assert.ok(names.includes(key), key);
      assert.not.match(names.join(), /QUIRE_TEST_LEAK|DOCKER_HOST|NODE_/);
      const ran = await sh('printf "%s" "$QUOTED$LINES$ACCENT"', { env: odd });
      assert.is(ran.out.toString(), `${odd.QUOTED}${odd.LINES}${odd.ACCENT}`);
    } finally {
      delete process.env.QUIRE_TEST_LEAK;
    }
  });

  check('a command may be given any variable, even one our own tools read', async () => {
    const env = {
      HOME: '/elsewhere',
      DOCKER_HOST: 'tcp://nowhere:1',
      http_proxy: 'http://p',
      PATH: '/bin:/usr/bin',
    };
    const ran = await sh('echo "$HOME $DOCKER_HOST $http_proxy $PATH"; env | grep -c QUIRE_AS_', { env });
    assert.is(ran.out.toString(), '/elsewhere tcp://nowhere:1 http://p /bin:/usr/bin\n0\n');
  });

  check('10,000 variables are fine, and what is too big for the system says so', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`V${index}`, String(index)]),
    );
    assert.is((await sh('echo $V9999', { env: many })).out.toString(), '9999\n');
    const failure = failureOf(await run({ command: { argv: ['echo', 'x'.repeat(4_000_000)] } }));
    assert.is(failure.reason, 'not-started');
    assert.is(failure.reason === 'not-started' && failure.failure.reason, 'too-big');
  });

  check('a command works in the workspace, or in a directory inside it', async () => {
    fs.mkdirSync(room.file('sub/deep'), { recursive: true });
    fs.writeFileSync(room.file('sub/deep/here'), 'found');
    assert.is((await sh('cat here', { cwd: 'sub/deep' })).out.toString(), 'found');
    assert.is((await sh('cat sub/deep/here', { cwd: '.' })).out.toString(), 'found');
    fs.symlinkSync('sub', room.file('alias'));
    assert.is((await sh('cat here', { cwd: 'alias/deep' })).out.toString(), 'found');
  });

  check('a directory outside the workspace is refused, by name or by symlink', async () => {
    fs.symlinkSync('/', room.file('root'));
    for (const cwd of ['..', '../..', '/', '/tmp', 'root', 'root/tmp', 'sub/../..']) {
      assert.is(failureOf(await sh('true', { cwd })).reason, 'outside-workspace', cwd);
    }
  });

  check('a directory that is not there is named', async () => {
    fs.writeFileSync(room.file('file'), '');
    for (const cwd of ['missing', 'file', 'a\0b']) {
      assert.is(failureOf(await sh('true', { cwd })).reason, 'not-started', cwd);
    }
  });

  check('a missing program is a failure that names it', async () => {
    for (const program of ['no-such-program', './no-such-program', '/no/such/program']) {
      const failure = failureOf(await run({ command: { argv: [program, 'x'] } }));
      assert.is(failure.reason, 'not-started');
      assert.equal(failure.reason === 'not-started' && { ...failure.failure, cwd: '' }, {
        reason: 'missing-program',
        program,
        cwd: '',
      });
    }
    fs.writeFileSync(room.file('plain'), 'not a program', { mode: 0o644 });
    const failure = failureOf(await run({ command: { argv: ['./plain'] } }));
    assert.is(failure.reason === 'not-started' && failure.failure.reason, 'not-executable');
    assert.equal(endOf(await sh('no-such-program')), { kind: 'exited', code: 127, endedBy: null });
  });

  check('a timeout ends a command and all that it started', async () => {
    const end = endOf(await sh(`${daemon('t1')}; sleep 60`, { timeoutMs: 1500 }));
    assert.equal(end, { kind: 'signaled', signal: 'SIGTERM', endedBy: 'timeout' });
    assert.ok(size(room.file('t1')) > 0);
    await assertStill(room.file('t1'));
  });

  check('a command that ignores SIGTERM is killed after the grace', async () => {
    const began = performance.now();
    const end = endOf(await sh(`trap '' TERM; while :; do sleep 0.1; done`, { timeoutMs: 300 }));
    assert.equal(end, { kind: 'signaled', signal: 'SIGKILL', endedBy: 'timeout' });
    const took = performance.now() - began;
    assert.ok(took >= 690 && took < 5000, `${took} ms`);
  });

  check('a command may end by itself in the grace', async () => {
    const end = endOf(await sh(`trap 'exit 9' TERM; while :; do sleep 0.02; done`, { timeoutMs: 300 }));
    assert.equal(end, { kind: 'exited', code: 9, endedBy: 'timeout' });
  });

  check('a cancellation ends a command', async () => {
    const cancel = new AbortController();
    const ran = await run({ command: { shell: 'echo ready; sleep 60' } }, cancel.signal, () =>
      cancel.abort(),
    );
    assert.is(endOf(ran).endedBy, 'canceled');
    assert.is(failureOf(await run({ command: { shell: 'true' } }, cancel.signal)).reason, 'canceled');
  });

  check('commands run at the same time', async () => {
    const first = sh('while ! [ -e rendezvous ]; do sleep 0.02; done; echo met', { timeoutMs: 20_000 });
    assert.is(endOf(await sh('echo > rendezvous')).kind, 'exited');
    assert.is((await first).out.toString(), 'met\n');
  });

  check('who keeps the output open delays nothing, and is heard later', async () => {
    let text = '';
    const began = performance.now();
    const command = { shell: '(while ! [ -e go ]; do sleep 0.02; done; echo late) & echo early' };
    const ran = await run({ command }, never, (heard) => {
      text += heard;
    });
    assert.is(endOf(ran).kind, 'exited');
    assert.is(text, 'early\n');
    assert.ok(performance.now() - began < 5000);
    fs.writeFileSync(room.file('go'), '');
    if (subject.hearsLate) await until(() => text.includes('late'), 'the late line');
  });

  check('who prints for ever does not delay the end of the command either', async () => {
    const ran = await sh('yes & sleep 0.05; exit 6', { job: 'endless' as JobId });
    assert.equal(endOf(ran), { kind: 'exited', code: 6, endedBy: null });
    assert.ok((await session.endJob('endless' as JobId)).ok);
  });

  check('the cache is there and stays', async () => {
    assert.is(endOf(await sh('echo kept > "$QUIRE_CACHE/file"')).kind, 'exited');
    assert.is(fs.readFileSync(join(room.place.cache, 'file'), 'utf8'), 'kept\n');
  });

  check('what one job left is ended, and no other job', async () => {
    await sh(daemon('mine'), { job: 'mine' as JobId });
    await sh(daemon('other'), { job: 'mine-too' as JobId });
    assert.ok((await session.endJob('mine' as JobId)).ok);
    await assertStill(room.file('mine'));
    const before = size(room.file('other'));
    await until(() => size(room.file('other')) > before, 'the other job goes on');
  });

  alone('stop ends what was left behind, and may be called twice', async (own, where) => {
    const ran = await runIn(own, subject.hostEnv, { command: { shell: daemon('beat') } });
    assert.is(endOf(ran).kind, 'exited');
    assert.ok((await own.stop()).ok);
    await assertStill(where.file('beat'));
    assert.ok((await own.stop()).ok);
  });

  alone('recovery ends what a dead owner left behind', async (own, where) => {
    const ran = await runIn(own, subject.hostEnv, { command: { shell: daemon('beat') } });
    assert.is(endOf(ran).kind, 'exited');
    const recovered = await subject.executor.recover(where.place, (event) => void where.events.push(event));
    assert.ok(recovered.ok, JSON.stringify(recovered));
    await assertStill(where.file('beat'));
    assert.ok((await subject.executor.recover(where.place, () => {})).ok);
  });

  return test;
}
