/** The registry, the marks, and the words of a failure. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type JobId, runId } from '../../lib/base/ids.ts';
import { blame, type ExecutorFailure, sayExecutorFailure } from '../../lib/executors/failure.ts';
import { commandMark, jobMark, ownMark, runMark } from '../../lib/executors/marks.ts';
import { defaultExecutor, executorNamed, executors } from '../../lib/executors/registry.ts';

const test = suite('executors/choice');

test('host is the default, docker is there, others are named with the nearest', () => {
  assert.is(defaultExecutor, 'host');
  assert.ok(executors.has(defaultExecutor));
  const found = executorNamed('docker');
  assert.ok(found.ok && found.value.name === 'docker');
  const unknown = executorNamed('dokcer');
  assert.equal(unknown, {
    ok: false,
    error: { reason: 'unknown-executor', name: 'dokcer', known: ['host', 'docker'], nearest: 'docker' },
  });
});

test('a mark begins with the marks it belongs to, and with no other', () => {
  const [run, other] = [runId(1, 'a'), runId(1, 'b')];
  const job = (name: string) => name as JobId;
  assert.ok(commandMark(run, job('a'), 1).startsWith(jobMark(run, job('a'))));
  assert.ok(jobMark(run, job('a')).startsWith(runMark(run)));
  assert.ok(ownMark(run).startsWith(runMark(run)));
  assert.not(commandMark(run, job('ab'), 1).startsWith(jobMark(run, job('a'))));
  assert.not(commandMark(run, job('a'), 11).startsWith(commandMark(run, job('a'), 1)));
  assert.not(commandMark(other, job('a'), 1).startsWith(runMark(run)));
});

const lines = ['first', 'no space left\u001b[2J'];
const failures: [failure: ExecutorFailure, to: ReturnType<typeof blame>, said: RegExp][] = [
  [
    { reason: 'not-started', failure: { reason: 'missing-program', program: 'mkae', cwd: '/w' } },
    'command',
    /mkae not found.*\/w/,
  ],
  [
    { reason: 'not-started', failure: { reason: 'io', code: 'EMFILE', detail: '/proc' } },
    'internal',
    /EMFILE/,
  ],
  [{ reason: 'outside-workspace', cwd: '../x' }, 'command', /\.\.\/x is not inside the workspace/],
  [{ reason: 'no-image' }, 'pipeline', /ci\.image.*Dockerfile.*config\.fnl/],
  [{ reason: 'build-failed', lines }, 'pipeline', /does not build: first\nno space left\\u001b/],
  [{ reason: 'engine', step: 'pull', lines }, 'internal', /could not be pulled: first/],
  [{ reason: 'engine', step: 'reach', lines: [] }, 'internal', /does not answer$/],
  [
    { reason: 'container-exited', code: 137, outOfMemory: true, lines: [] },
    'internal',
    /^container exited 137 \(out of memory\)$/,
  ],
  [
    { reason: 'container-exited', code: 1, outOfMemory: false, lines: ['x'] },
    'internal',
    /^container exited 1: x$/,
  ],
  [{ reason: 'still-running', pids: [4, 5] }, 'internal', /4, 5/],
  [{ reason: 'canceled' }, 'nobody', /canceled/],
];
for (const [failure, to, said] of failures) {
  test(`${failure.reason} ${sayExecutorFailure(failure).slice(0, 20)}`, () => {
    assert.is(blame(failure), to);
    assert.match(sayExecutorFailure(failure), said);
  });
}

test.run();
