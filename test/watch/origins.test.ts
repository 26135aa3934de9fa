/** Whose change it is, moment by moment. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Judged, Origins } from '../../lib/watch/origins.ts';
import { isWorth } from '../../lib/watch/worth.ts';

const test = suite('watch/origins');

/** A change at a moment, told at once. `digest` says what the file then holds. */
const judged = (origins: Origins, at: number, digest: string, { path = 'f', tracked = false } = {}): Judged =>
  origins.judge([{ path, content: { digest, savedAt: at }, noticedAt: at + 3, tracked }]);

const somebodys = (path = 'f'): Judged => ({ changed: [path], adopted: [], suspected: [] });
const nobodys: Judged = { changed: [], adopted: [], suspected: [] };
const jobs: Judged = { changed: [], adopted: ['f'], suspected: [] };

/** A run from one moment to another, with one command in it that takes so long. */
function run(origins: Origins, from: number, commandMs: number): void {
  origins.runStarted(from);
  origins.commandStarted('1 job', from + 20);
  origins.commandFinished('1 job', from + 20 + commandMs, false);
  origins.runEnded(from + 40 + commandMs);
}

test('a save between runs counts, also of the same; a second look at the same save does not', () => {
  const origins = new Origins();
  run(origins, 0, 5);
  assert.equal(judged(origins, 1000, 'a'), somebodys());
  assert.equal(judged(origins, 1000, 'a'), nobodys);
  assert.equal(judged(origins, 2000, 'a'), somebodys());
});

test('during a run the same content is no change', () => {
  const origins = new Origins();
  origins.knows('f', { digest: 'a', savedAt: 0 });
  origins.runStarted(100);
  assert.equal(judged(origins, 500, 'a', { tracked: true }), nobodys);
  assert.equal(judged(origins, 600, 'b', { tracked: true }), somebodys());
});

test('what a run function wrote itself is no change', () => {
  const origins = new Origins();
  origins.runStarted(100);
  origins.knows('f', { digest: 'new', savedAt: 500 });
  assert.equal(judged(origins, 500, 'new'), nobodys);
});

test('a file that git does not track and that changes in a quick command is the job’s', () => {
  const origins = new Origins();
  run(origins, 0, 5);
  assert.equal(judged(origins, 22, 'run 1'), jobs);
  run(origins, 1000, 5);
  assert.equal(judged(origins, 1022, 'run 2'), nobodys);
  assert.equal(judged(origins, 5000, 'by hand'), somebodys());
});

test('a tracked file, one that somebody has saved between runs, and a save in a long command are somebody’s', () => {
  const tracked = new Origins();
  run(tracked, 0, 5);
  assert.equal(judged(tracked, 22, 'a', { tracked: true }), somebodys());

  const known = new Origins();
  run(known, 0, 5);
  judged(known, 500, 'by hand');
  run(known, 1000, 5);
  assert.equal(judged(known, 1022, 'again'), somebodys());

  const long = new Origins();
  long.runStarted(0);
  long.commandStarted('1 job', 20);
  assert.equal(judged(long, 5000, 'a'), somebodys());
});

test('a command that was cut short is not a quick one', () => {
  const origins = new Origins();
  origins.runStarted(0);
  origins.commandStarted('1 job', 20);
  origins.commandFinished('1 job', 150, true);
  origins.runEnded(200);
  assert.equal(judged(origins, 60, 'a'), somebodys());
});

/** A run whose long command writes right after it began, and which is ended for it. */
function interrupted(origins: Origins, from: number, delay: number): Judged {
  origins.runStarted(from);
  origins.commandStarted('1 job', from + 20);
  const judgement = judged(origins, from + 20 + delay, `run at ${from}`);
  origins.commandFinished('1 job', from + 200, true);
  origins.runEnded(from + 220);
  return judgement;
}

test('a file that interrupts run after run at the same moment is suspected, and then the job’s', () => {
  const origins = new Origins();
  const judgements = [0, 1000, 2000, 3000, 4000].map((from) => interrupted(origins, from, 5));
  const suspected = { changed: ['f'], adopted: [], suspected: ['f'] };
  assert.equal(judgements, [somebodys(), suspected, somebodys(), jobs, nobodys]);
});

test('saves at uneven moments stay somebody’s, however many', () => {
  const origins = new Origins();
  for (let save = 0; save < 8; save += 1) {
    origins.runStarted(save * 10_000);
    origins.commandStarted('1 job', save * 10_000 + 20);
    const at = save * 10_000 + 500 + (save % 2) * 900;
    assert.equal(judged(origins, at, `save ${save}`), somebodys());
    origins.runEnded(at + 200);
  }
});

const names: readonly [path: string, worth: boolean][] = [
  ['src/a.ts', true],
  ['.gitignore', true],
  ['.quire/ci.fnl', true],
  ['a.tmp', true],
  ['.git/index', false],
  ['sub/.git', false],
  ['sub/.git/HEAD', false],
  ['.a.ts.swp', false],
  ['a.ts~', false],
  ['src/#a.ts#', false],
  ['src/.#a.ts', false],
  ['4913', false],
  ['src/.tmp-12-3-a.ts', false],
];
for (const [path, worth] of names) {
  test(`${path} ${worth ? 'is' : 'is not'} worth watching`, () => assert.is(isWorth(path), worth));
}

test.run();
