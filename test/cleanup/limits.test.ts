/** Which runs a cleanup takes: a table of limits over the same ten runs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../lib/base/clock.ts';
import { type RefName, runId } from '../../lib/base/ids.ts';
import { type FinishedRun, type Limits, pastLimits } from '../../lib/cleanup/cleanup.ts';

const test = suite('cleanup/limits');

const day = 86_400_000;
const now = Date.parse('2026-11-21T10:00:00.000Z');

/** Runs 1 to 10, one a day, the newest ended an hour ago; 3 and 7 failed; 2 is the only one of `old`. */
const runs: FinishedRun[] = Array.from({ length: 10 }, (_, index) => {
  const number = index + 1;
  return {
    id: runId(now, String(number)),
    number,
    ref: (number === 2 ? 'refs/heads/old' : 'refs/heads/main') as RefName,
    state: number === 3 || number === 7 ? 'failed' : 'complete',
    finishedAt: timestamp(now - (10 - number) * day - 3_600_000),
  };
});

const none: Limits = { keep: null, olderThanMs: null, keepFailed: null };

const cases: [name: string, limits: Partial<Limits>, gone: number[]][] = [
  ['without a limit nothing goes', {}, []],
  ['a number of failed runs to keep is no limit', { keepFailed: 1 }, []],
  ['the newest stay, and the newest of each ref', { keep: 3 }, [1, 3, 4, 5, 6, 7]],
  ['keeping none still keeps how each ref stands', { keep: 0 }, [1, 3, 4, 5, 6, 7, 8, 9]],
  ['keeping more than there are', { keep: 99 }, []],
  ['the old ones go', { olderThanMs: 5 * day }, [1, 3, 4, 5]],
  ['either limit is enough', { keep: 8, olderThanMs: 8 * day }, [1]],
  ['whatever either of them takes', { keep: 4, olderThanMs: 2 * day }, [1, 3, 4, 5, 6, 7, 8]],
  ['failed ones stay beside them', { keep: 2, keepFailed: 1 }, [1, 3, 4, 5, 6, 8]],
  ['several failed ones', { keep: 2, keepFailed: 2 }, [1, 4, 5, 6, 8]],
];

for (const [name, limits, gone] of cases) {
  test(name, () => {
    const shuffled = [...runs].sort((a, b) => a.id.localeCompare(b.id));
    const past = pastLimits(shuffled, { ...none, ...limits }, now);
    assert.equal(
      past.map(({ run }) => run.number),
      gone,
    );
  });
}

test('the reason is the limit that was passed', () => {
  const past = pastLimits(runs, { ...none, keep: 8, olderThanMs: 6 * day }, now);
  assert.equal(
    past.map(({ run, why }) => [run.number, why]),
    [
      [1, 'beyond-keep'],
      [3, 'too-old'],
      [4, 'too-old'],
    ],
  );
});

test.run();
