import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../lib/base/clock.ts';
import { planFaults } from '../../lib/base/files.ts';
import type { JobId } from '../../lib/base/ids.ts';
import type { RunEvent } from '../../lib/runs/events.ts';
import type { LogEntry } from '../../lib/runs/records.ts';
import { type Journal, journal, readLogIn } from '../../lib/store/store.ts';
import { parseYaml, reading } from '../../lib/store/yaml.ts';
import { until } from '../rig/forge.ts';
import { good } from './place.ts';

const test = suite('store/log');

const job = 'build' as JobId;
const at = timestamp(Date.parse('2026-11-21T10:00:00.000Z'));
const modes = { file: 0o600, directory: 0o700 };

const withDirectory = (body: (directory: string) => Promise<void> | void) => async () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'quire-log-'));
  try {
    await body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
};

const noTrouble = (failure: unknown): never => {
  throw new Error(JSON.stringify(failure));
};
const open = (directory: string, logLimit?: number): Journal =>
  journal({ directory, modes }, { trouble: noTrouble, ...(logLimit === undefined ? {} : { logLimit }) });

const output = (bytes: Uint8Array | string, stream: 'out' | 'err' = 'out', t = 1): RunEvent => ({
  event: 'output',
  at,
  job,
  sh: 1,
  stream,
  bytes: Buffer.from(bytes),
  t,
});
const started: RunEvent = { event: 'command-started', at, job, sh: 1, cmd: 'make' };
const exited: RunEvent = { event: 'command-finished', at, job, sh: 1, exit: 0, signal: null, t: 9 };

const logPath = (directory: string): string => join(directory, 'jobs/build/log.yml');
const lines = (directory: string): string[] =>
  fs.readFileSync(logPath(directory), 'utf8').split('\n').slice(0, -1);
const entries = (directory: string): LogEntry[] => [...readLogIn(directory, job)];
const bytesOf = (all: LogEntry[], stream = 'out'): Buffer =>
  Buffer.concat(
    all.flatMap((entry) => (entry.kind === 'output' && entry.stream === stream ? [entry.bytes] : [])),
  );

test(
  'no entry is longer than 64 KiB: a note comes in pieces, a command is cut and marked',
  withDirectory(async (directory) => {
    const records = open(directory);
    const long = `${'x'.repeat(70_000)}\u{1f600}${'\u0001'.repeat(30_000)}`;
    records.hear({ ...started, cmd: long } as RunEvent);
    records.hear({ event: 'note', at, job, text: long });
    records.close();
    for (const line of lines(directory)) assert.ok(Buffer.byteLength(line) <= 65_536, `${line.length}`);
    const [command, ...notes] = entries(directory);
    assert.is(notes.map((entry) => (entry.kind === 'note' ? entry.text : '?')).join(''), long);
    assert.match(command?.kind === 'command' ? command.cmd : '', /^x{60000,}… \[cut: 100004 bytes in all\]$/);
  }),
);

test(
  'half a character is written after a moment, whoever still waits for the other half',
  withDirectory(async (directory) => {
    const records = open(directory);
    records.hear(output(Buffer.from('e\u20ac').subarray(0, 3), 'out', 4));
    const began = Date.now();
    await until('all three bytes', () => bytesOf(entries(directory)).length === 3);
    assert.ok(Date.now() - began < 1000);
    records.hear(output(Buffer.concat([Buffer.from('\u20ac').subarray(2), Buffer.from('end')]), 'out', 900));
    records.close();
    assert.is(bytesOf(entries(directory)).toString(), 'e\u20acend');
    assert.match(lines(directory).at(-1) ?? '', '"t": 900}');
  }),
);

test(
  'every kind of entry is a line that is JSON and YAML, and comes back',
  withDirectory(async (directory) => {
    const records = open(directory);
    records.hear({ event: 'job-started', at, job, attempt: 1 });
    records.hear({ event: 'job-started', at, job, attempt: 2 });
    records.hear({ ...started, cmd: 'printf "%s\\n" \u2028' } as RunEvent);
    records.hear(output('3 passing\n'));
    records.hear(output('one warning\n', 'err', 3));
    records.hear({ ...exited, exit: -1, signal: 'SIGKILL' } as RunEvent);
    records.hear({ event: 'note', at, job, text: 'said so' });
    records.close();
    assert.equal(lines(directory), [
      '- {"attempt": 2, "at": "2026-11-21T10:00:00.000Z"}',
      '- {"sh": 1, "cmd": "printf \\"%s\\\\n\\" \\u2028", "at": "2026-11-21T10:00:00.000Z"}',
      '- {"out": "3 passing\\n", "t": 1}',
      '- {"err": "one warning\\n", "t": 3}',
      '- {"exit": -1, "signal": "SIGKILL", "t": 9}',
      '- {"note": "said so", "at": "2026-11-21T10:00:00.000Z"}',
    ]);
    const all = entries(directory);
    assert.equal(
      all.map(({ kind }) => kind),
      ['attempt', 'command', 'output', 'output', 'exit', 'note'],
    );
    const whole = good(await reading(() => parseYaml(`# as a whole\n${lines(directory).join('\n')}\n`)));
    assert.equal(
      whole,
      lines(directory).map((text) => JSON.parse(text.slice(2))),
    );
  }),
);

test(
  'any bytes in any chunks come back, in entries of at most 64 KiB',
  withDirectory(async (directory) => {
    let count = 0;
    const text = fc.string({ unit: 'binary', maxLength: 300 }).map((each) => Buffer.from(each));
    const special = fc.constantFrom(
      ...['\u0085', '\u2028', '\ufeff', '\uffff', '"\\\n', '\x7f', '✓é😀'].map((s) => Buffer.from(s)),
    );
    const chunk = fc.oneof(
      text,
      special,
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(70_000).map((n) => Buffer.alloc(n, 'é\n')),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 8 }),
        fc.array(fc.nat(100), { maxLength: 20 }),
        async (parts, cuts) => {
          count += 1;
          const own = join(directory, String(count));
          fs.mkdirSync(own);
          const all = Buffer.concat(parts);
          const records = open(own);
          records.hear(started);
          let from = 0;
          for (const cut of cuts) {
            records.hear(output(all.subarray(from, from + cut)));
            from += Math.min(cut, all.length - from);
          }
          records.hear(output(all.subarray(from)));
          records.hear(exited);
          records.close();
          assert.is(Buffer.compare(bytesOf(entries(own)), all), 0);
          for (const line of lines(own)) {
            assert.ok(Buffer.byteLength(line) <= 64 * 1024);
            assert.type(JSON.parse(line.slice(2)), 'object');
            assert.not(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(line));
          }
        },
      ),
      { numRuns: 60 },
    );
  }),
);

test(
  'a character split over two reads is put together, around other streams too',
  withDirectory((directory) => {
    const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
    const records = open(directory);
    records.hear(output(Buffer.concat([Buffer.from('a'), first])));
    records.hear(output('between', 'err'));
    records.hear(output(second));
    records.hear(exited);
    records.close();
    assert.not(lines(directory).some((line) => line.includes('64"')));
    assert.is(bytesOf(entries(directory)).toString(), 'aé');
  }),
);

test(
  'bytes that are no text are base64, the lines around them stay text',
  withDirectory((directory) => {
    const records = open(directory);
    records.hear(
      output(
        Buffer.concat([Buffer.from('before\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('after\n')]),
      ),
    );
    records.hear(exited);
    records.close();
    assert.equal(lines(directory).slice(0, 3), [
      '- {"out": "before\\n", "t": 1}',
      '- {"out64": "//4K", "t": 1}',
      '- {"out": "after\\n", "t": 1}',
    ]);
  }),
);

test(
  'output is in the file within 200 ms, also half a line',
  withDirectory(async (directory) => {
    const records = open(directory);
    records.hear(started);
    records.hear(output('Password: '));
    const said = performance.now();
    while (!fs.readFileSync(logPath(directory), 'utf8').includes('Password')) {
      assert.ok(performance.now() - said < 1000, 'it came too late');
      await new Promise((next) => setTimeout(next, 5));
    }
    records.close();
  }),
);

test(
  'the limit counts raw bytes over streams and attempts, and is said once',
  withDirectory((directory) => {
    const records = open(directory, 1000);
    records.hear(started);
    records.hear(output(Buffer.alloc(600, 'a')));
    records.hear({ event: 'job-started', at, job, attempt: 2 });
    records.hear(output(Buffer.alloc(399, 'b'), 'err'));
    // One byte is left, and the character has two.
    records.hear(output('éé'));
    for (let n = 0; n < 100; n += 1) records.hear(output('more'));
    records.hear(exited);
    records.close();
    const all = entries(directory);
    assert.is(bytesOf(all).toString(), 'a'.repeat(600));
    assert.is(bytesOf(all, 'err').toString(), 'b'.repeat(399));
    assert.is(all.filter(({ kind }) => kind === 'truncated').length, 1);
    assert.is(all.at(-1)?.kind, 'exit');
  }),
);

test(
  'exactly the limit is not past it',
  withDirectory((directory) => {
    const records = open(directory, 1000);
    records.hear(output(Buffer.alloc(1000, 'a')));
    records.close();
    assert.equal(
      entries(directory).map(({ kind }) => kind),
      ['output'],
    );
  }),
);

test(
  'a torn last line is ignored by readers and cut off by the next writer',
  withDirectory((directory) => {
    const first = open(directory);
    first.hear(started);
    first.close();
    fs.appendFileSync(logPath(directory), '- {"out": "half a li');
    assert.is(entries(directory).length, 1);
    const second = open(directory);
    second.hear(exited);
    second.close();
    assert.equal(
      entries(directory).map(({ kind }) => kind),
      ['command', 'exit'],
    );
    assert.not(fs.readFileSync(logPath(directory), 'utf8').includes('half'));
  }),
);

test(
  'a follower goes on where it stopped, and waits for a line to be whole',
  withDirectory((directory) => {
    const records = open(directory);
    records.hear(started);
    const follower = readLogIn(directory, job);
    assert.is([...follower].length, 1);
    assert.is([...follower].length, 0);
    fs.appendFileSync(logPath(directory), '- {"note": "a", "at": "2026-11-21T');
    assert.is([...follower].length, 0);
    fs.appendFileSync(logPath(directory), '10:00:00.000Z"}\n');
    assert.is([...follower].length, 1);
    assert.is(follower.offset, fs.statSync(logPath(directory)).size);
    assert.is([...readLogIn(directory, job, { from: follower.offset })].length, 0);
    records.close();
  }),
);

test(
  'lines in another hand are read, lines that are none are skipped',
  withDirectory(async (directory) => {
    fs.mkdirSync(join(directory, 'jobs/build'), { recursive: true });
    fs.writeFileSync(logPath(directory), '- {out: \'plain\', t: 1}\nnonsense\n- {"exit": 0, "t": 2}\n- *x\n');
    await reading(() => parseYaml('# loads the library\na: 1'));
    assert.equal(
      entries(directory).map(({ kind }) => kind),
      ['output', 'exit'],
    );
  }),
);

test(
  'a write that fails half-way leaves no glued line once there is room again',
  withDirectory((directory) => {
    const troubles: string[] = [];
    const records = journal({ directory, modes }, { trouble: ({ code }) => troubles.push(code) });
    records.hear(started);
    planFaults((operation, path) => {
      if (operation !== 'append to') return null;
      fs.appendFileSync(path, '- {"exit": 0, "t');
      return 'ENOSPC';
    });
    records.hear(exited);
    planFaults(null);
    records.hear({ event: 'note', at, job, text: 'there is room again' });
    records.close();
    assert.equal(troubles, ['ENOSPC']);
    assert.equal(
      entries(directory).map(({ kind }) => kind),
      ['command', 'note'],
    );
  }),
);

test(
  'a job is written down from its start to its end, the log first',
  withDirectory((directory) => {
    const records = open(directory);
    const read = () => fs.readFileSync(join(directory, 'jobs/build/job.yml'), 'utf8');
    records.hear({ event: 'job-started', at, job, attempt: 1 });
    assert.match(read(), /state: "active"/);
    records.hear(started);
    records.hear(output('built'));
    records.hear(exited);
    const order: string[] = [];
    planFaults((operation, path) => {
      order.push(`${operation} ${path.slice(directory.length + 1).replace(/\.tmp-\d+-\d+-/, '')}`);
      return null;
    });
    const end = {
      event: 'job-finished',
      at,
      job,
      state: 'complete',
      reason: null,
      error: null,
      exit: 0,
    } as const;
    records.hear({ ...end, outputs: { version: '1.0' } });
    planFaults(null);
    assert.ok(order.indexOf('sync jobs/build/log.yml') < order.indexOf('write jobs/build/job.yml'));
    assert.ok(order.indexOf('sync jobs/build/log.yml') >= 0);
    assert.match(read(), /state: "complete"/);
    assert.is(fs.readFileSync(join(directory, 'jobs/build/outputs.yml'), 'utf8'), 'version: "1.0"\n');
    // What a job left running may still speak.
    records.hear(output('late'));
    records.close();
    assert.is(bytesOf(entries(directory)).toString(), 'builtlate');
  }),
);

test(
  'a job that said nothing has an empty log; the run has its own',
  withDirectory((directory) => {
    const records = open(directory);
    const skipped = {
      state: 'skipped',
      reason: 'needs build',
      error: null,
      exit: null,
      outputs: null,
    } as const;
    records.hear({ event: 'job-finished', at, job: 'quire/mirror' as JobId, ...skipped });
    records.hear({ event: 'run-output', at, stream: 'out', bytes: Buffer.from('Step 1') });
    records.hear({ event: 'note', at, job: null, text: 'warning' });
    records.close();
    assert.is(fs.readFileSync(join(directory, 'jobs/quire/mirror/log.yml'), 'utf8'), '');
    assert.equal(
      [...readLogIn(directory, null)].map(({ kind }) => kind),
      ['output', 'note'],
    );
  }),
);

test.run();
