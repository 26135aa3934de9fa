import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import { decide, type Node, type Progress } from '../../lib/runner/schedule.ts';

const test = suite('runner/schedule');

/** `c: a b` is a job with its inputs; `c!: a` runs always. Ancestors follow from the order. */
function nodes(...lines: string[]): Node[] {
  const known = new Map<string, Node>();
  for (const line of lines) {
    const [name = '', inputs = ''] = line.split(':');
    const id = name.replace('!', '').trim() as JobId;
    const direct = inputs.split(' ').filter((word) => word !== '') as JobId[];
    const far = new Set(direct.flatMap((input) => [input, ...(known.get(input)?.ancestors ?? [])]));
    const ancestors = [...known.keys()].filter((word) => far.has(word as JobId)) as JobId[];
    known.set(id, { id, inputs: direct, ancestors, always: name.includes('!') });
  }
  return [...known.values()];
}

const progress = (text: string): Map<JobId, Progress> =>
  new Map(text.split(' ').map((pair) => pair.split('=') as [JobId, Progress]));

type Case = [
  name: string,
  nodes: Node[],
  progress: string,
  room: number,
  start: string,
  skip: string,
  over: boolean,
];

const cases: Case[] = [
  ['sources start at once', nodes('a:', 'b:'), 'a=waiting b=waiting', 9, 'a b', '', false],
  [
    'no more than there is room for, in the order of registration',
    nodes('a:', 'b:', 'c:'),
    'a=waiting b=waiting c=waiting',
    2,
    'a b',
    '',
    false,
  ],
  [
    'a job waits for all of its inputs',
    nodes('a:', 'b:', 'c: a b'),
    'a=done b=running c=waiting',
    9,
    '',
    '',
    false,
  ],
  [
    'and starts when they are done',
    nodes('a:', 'b:', 'c: a b'),
    'a=done b=done c=waiting',
    9,
    'c',
    '',
    false,
  ],
  [
    'a failure leaves out what needs it, far away too',
    nodes('a:', 'b: a', 'c: b'),
    'a=red b=waiting c=waiting',
    9,
    '',
    'b<a c<a',
    true,
  ],
  ['and nothing else', nodes('a:', 'b: a', 'c:'), 'a=red b=waiting c=waiting', 9, 'c', 'b<a', false],
  ['an always job runs after a failure', nodes('a:', 'r!: a'), 'a=red r=waiting', 9, 'r', '', false],
  [
    'but not before its other inputs are over',
    nodes('a:', 'b:', 'r!: a b'),
    'a=red b=running r=waiting',
    9,
    '',
    '',
    false,
  ],
  [
    'what needs the always job needs the failed one too',
    nodes('a:', 'r!: a', 'c: r'),
    'a=red r=done c=waiting',
    9,
    '',
    'c<a',
    true,
  ],
  ['all done is over', nodes('a:'), 'a=done', 9, '', '', true],
  ['running is not over', nodes('a:'), 'a=running', 9, '', '', false],
  ['no jobs is over', [], '', 9, '', '', true],
  ['no room is not over', nodes('a:', 'b:'), 'a=running b=waiting', 0, '', '', false],
];

for (const [name, given, at, room, start, skip, over] of cases) {
  test(name, () => {
    const decision = decide(given, progress(at), room);
    assert.is(decision.start.join(' '), start);
    assert.is(decision.skip.map(({ job, because }) => `${job}<${because}`).join(' '), skip);
    assert.is(decision.over, over);
  });
}

test.run();
