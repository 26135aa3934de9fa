import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  finalStates,
  isFinal,
  isJobOver,
  jobStates,
  mayMove,
  moves,
  outcomes,
  runStates,
  stateOf,
} from '../../lib/runs/states.ts';

const test = suite('runs/states');

const arrows = [
  'pending active',
  'pending replaced',
  'pending canceled',
  'pending failed',
  'active complete',
  'active failed',
  'active replaced',
  'active canceled',
];

for (const from of runStates) {
  for (const to of runStates) {
    const allowed = arrows.includes(`${from} ${to}`);
    test(`${from} -> ${to}: ${allowed}`, () => assert.is(mayMove(from, to), allowed));
  }
}

test('states are listed in the order in which a run goes through them', () => {
  assert.equal([...runStates].sort(), Object.keys(moves).sort());
  assert.equal(
    runStates.filter((state) => isFinal(state)),
    [...finalStates],
  );
  assert.equal(runStates.slice(0, 2), ['pending', 'active']);
});

test('every outcome has a final state, and every final state an outcome', () => {
  const reached = new Set(Object.keys(outcomes).map((name) => stateOf(name as keyof typeof outcomes)));
  assert.equal([...reached].sort(), [...finalStates].sort());
});

test('a job is over in every state but two', () => {
  assert.equal(
    jobStates.filter((state) => !isJobOver(state)),
    ['pending', 'active'],
  );
});

test.run();
