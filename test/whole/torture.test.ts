/**
 * A short torture: pushes while processes of quire are killed, and everything that must be true afterwards is.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge } from '../rig/forge.ts';
import { torture } from '../torture/rounds.ts';

const test = suite('whole/torture');

test(
  'ten rounds of killing: nothing lost, nothing twice, nothing stuck, nothing half',
  forge(async (f) => {
    const seed = Date.now() % 1_000_000;
    const report = await torture(f, { rounds: 10, seed });
    assert.equal(report.violations, [], `seed ${seed}`);
    assert.ok(report.kills > 0 && report.runs > 0 && report.looks > 0, JSON.stringify(report));
  }),
);

test.run();
