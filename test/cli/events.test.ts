/** `--events`: what a program reads, whatever the chunks. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Timestamp } from '../../lib/base/clock.ts';
import type { JobId } from '../../lib/base/ids.ts';
import { EventLines } from '../../lib/cli/run-events.ts';
import type { RunEvent } from '../../lib/runs/events.ts';

const test = suite('cli/events');

const at = '2026-11-21T10:00:00.000Z' as Timestamp;
const job = 'build' as JobId;

const output = (bytes: readonly number[] | string, stream: 'out' | 'err' = 'out'): RunEvent => ({
  event: 'output',
  at,
  job,
  sh: 1,
  stream,
  bytes: Buffer.from(bytes as string),
  t: 0,
});
const finished: RunEvent = { event: 'command-finished', at, job, sh: 1, exit: 0, signal: null, t: 1 };

type Line = {
  readonly event: string;
  readonly stream?: string;
  readonly text?: string;
  readonly base64?: string;
};

function lines(...events: RunEvent[]): Line[] {
  let text = '';
  const sink = new EventLines((more) => {
    text += more;
  });
  for (const event of events) void sink.hear(event);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const bytesOf = (said: readonly Line[]): Buffer =>
  Buffer.concat(
    said.map(({ text, base64 }) =>
      base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64'),
    ),
  );

test('text stays text when a chunk cuts a character in two, on either stream', () => {
  const euro = [...Buffer.from('€')];
  const said = lines(output(euro.slice(0, 1)), output('x', 'err'), output(euro.slice(1)), finished);
  assert.equal(
    said.map(({ event, stream, text }) => [event, stream, text]),
    [
      ['output', 'err', 'x'],
      ['output', 'out', '€'],
      ['command-finished', undefined, undefined],
    ],
  );
});

test('half a character at the end of a command comes before the end, in base64', () => {
  const said = lines(output([0x61, 0xe2, 0x82]), finished);
  assert.equal(
    said.map(({ event }) => event),
    ['output', 'output', 'command-finished'],
  );
  assert.equal([...bytesOf(said.slice(0, 2))], [0x61, 0xe2, 0x82]);
});

test('any bytes in any chunks are the same bytes in the end', () => {
  const bytes = Array.from({ length: 2000 }, (_, n) => (n * n * 7 + (n >> 3)) & 255);
  for (const size of [1, 2, 3, 7, 64]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      output(bytes.slice(n * size, n * size + size)),
    );
    assert.ok(bytesOf(lines(...chunks, finished)).equals(Buffer.from(bytes)), `chunks of ${size}`);
  }
});

test('keys are the contract’s, and a container is no event of theirs', () => {
  const keys = (event: RunEvent): string[] => Object.keys(lines(event)[0] ?? {});
  assert.equal(keys({ event: 'job-started', at, job, attempt: 1 }), ['event', 'at', 'job', 'attempt']);
  assert.equal(keys({ event: 'command-started', at, job, sh: 1, cmd: 'x' }), [
    'event',
    'at',
    'job',
    'sh',
    'cmd',
  ]);
  assert.equal(keys(finished), ['event', 'at', 'job', 'sh', 'exit', 'signal']);
  const over: RunEvent = {
    event: 'job-finished',
    at,
    job,
    state: 'complete',
    reason: null,
    error: null,
    exit: 0,
    outputs: { secret: 1 },
  };
  assert.equal(keys(over), ['event', 'at', 'job', 'state', 'reason', 'error']);
  const outcome = { outcome: 'succeeded', error: null, replacedBy: null } as const;
  assert.equal(keys({ event: 'run-finished', at, state: 'complete', outcome }), [
    'event',
    'at',
    'state',
    'outcome',
  ]);
  const container = {
    engine: null,
    buildStartedAt: null,
    imageTag: null,
    buildFinishedAt: null,
    containerId: null,
    containerStartedAt: null,
    containerStoppedAt: null,
  };
  assert.equal(lines({ event: 'container', at, container }), []);
});

test.run();
