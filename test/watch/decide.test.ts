/** What a watch does next: every state and every happening. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Act, decide, type Happening, type State } from '../../lib/watch/decide.ts';

const test = suite('watch/decide');

const happenings: Readonly<Record<string, Happening>> = {
  changed: { kind: 'changed' },
  'asked all': { kind: 'asked', wish: 'all' },
  'asked failed': { kind: 'asked', wish: 'failed' },
  ended: { kind: 'ended' },
  quit: { kind: 'quit' },
};

const states: Readonly<Record<string, State>> = {
  waiting: { kind: 'waiting' },
  running: { kind: 'running' },
  'ending, then all': { kind: 'ending', next: 'all' },
  'ending, then failed': { kind: 'ending', next: 'failed' },
  'ending, then leave': { kind: 'ending', next: 'leave' },
  over: { kind: 'over' },
};

const sayState = (state: State): string =>
  state.kind === 'ending' ? `ending, then ${state.next}` : state.kind;
const sayAct = (act: Act | null): string =>
  act === null ? '' : act.kind === 'start' ? `start ${act.wish}` : act.kind;

const cases: readonly [state: string, happening: string, next: string, act: string][] = [
  ['waiting', 'changed', 'running', 'start all'],
  ['waiting', 'asked all', 'running', 'start all'],
  ['waiting', 'asked failed', 'running', 'start failed'],
  ['waiting', 'ended', 'waiting', ''],
  ['waiting', 'quit', 'over', 'leave'],
  ['running', 'changed', 'ending, then all', 'end'],
  ['running', 'asked all', 'ending, then all', 'end'],
  ['running', 'asked failed', 'ending, then failed', 'end'],
  ['running', 'ended', 'waiting', ''],
  ['running', 'quit', 'ending, then leave', 'end'],
  ['ending, then all', 'changed', 'ending, then all', ''],
  ['ending, then all', 'asked all', 'ending, then all', ''],
  ['ending, then all', 'asked failed', 'ending, then all', ''],
  ['ending, then all', 'ended', 'running', 'start all'],
  ['ending, then all', 'quit', 'ending, then leave', ''],
  ['ending, then failed', 'changed', 'ending, then all', ''],
  ['ending, then failed', 'asked all', 'ending, then all', ''],
  ['ending, then failed', 'asked failed', 'ending, then failed', ''],
  ['ending, then failed', 'ended', 'running', 'start failed'],
  ['ending, then failed', 'quit', 'ending, then leave', ''],
  ['ending, then leave', 'changed', 'ending, then leave', ''],
  ['ending, then leave', 'asked all', 'ending, then leave', ''],
  ['ending, then leave', 'asked failed', 'ending, then leave', ''],
  ['ending, then leave', 'ended', 'over', 'leave'],
  ['ending, then leave', 'quit', 'ending, then leave', ''],
  ...Object.keys(happenings).map((happening): [string, string, string, string] => [
    'over',
    happening,
    'over',
    '',
  ]),
];

for (const [from, happening, next, act] of cases) {
  test(`${from}: ${happening}`, () => {
    const [state, what] = [states[from], happenings[happening]];
    if (state === undefined || what === undefined) throw new Error('a case without its words');
    const decision = decide(state, what);
    assert.equal([sayState(decision.state), sayAct(decision.act)], [next, act]);
  });
}

test('every state has a case for every happening', () => {
  const pairs = new Set(cases.map(([state, happening]) => `${state}: ${happening}`));
  assert.is(pairs.size, Object.keys(states).length * Object.keys(happenings).length);
});

test.run();
