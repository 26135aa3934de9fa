import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pointSpan } from '../../lib/base/diagnostic.ts';
import { checkDraft, difference, registered } from '../../lib/pipeline/pipeline.ts';
import { draft, pipeline } from './drafts.ts';

const test = suite('pipeline/rules');

/** What is found, as `code@line`, with the hint's name for an unknown input and the members of a cycle. */
function found(lines: readonly string[]): string[] {
  const checked = checkDraft(draft(lines));
  return checked.ok ? [] : checked.error.map(({ code, span }) => `${code}@${span?.start.line}`);
}

const cases: [name: string, lines: string[], problems: string[]][] = [
  ['a sound pipeline', ['a <- quire/push', 'b <- a quire/push'], []],
  ['jobs may be registered in any order', ['b <- a', 'a <- quire/push'], []],
  ['an input listed twice', ['a <- quire/push quire/push'], []],
  ['no inputs', ['a <-'], ['empty-inputs@1']],
  ['what only an inputless job feeds', ['a <-', 'b <- a'], ['empty-inputs@1', 'unreachable-job@2']],
  ['an id with a slash', ['a/b <- quire/push'], ['slash-in-id@1']],
  ['an empty id', [' <- quire/push'], ['empty-id@1']],
  ['an id with a dot in front', ['.a <- quire/push'], ['dot-in-id@1']],
  ['a reserved id', ['quire <- quire/push'], ['reserved-id@1']],
  ['an id of 100 bytes', [`${'é'.repeat(50)} <- quire/push`], []],
  ['an id of 101 bytes', [`${'é'.repeat(50)}x <- quire/push`], ['long-id@1']],
  ['an id with a control character', ['a\u0001b <- quire/push'], ['control-in-id@1']],
  [
    'a duplicate',
    ['a <- quire/push', 'a <- quire/push', 'a <- quire/push'],
    ['duplicate-id@2', 'duplicate-id@3'],
  ],
  ['a self-edge', ['a <- a'], ['cycle@1']],
  ['a self-edge beside a source', ['a <- a quire/push'], ['cycle@1']],
  [
    'a cycle is told once, what it feeds is unreachable',
    ['b <- a', 'a <- b', 'c <- a'],
    ['cycle@2', 'unreachable-job@3'],
  ],
  ['two cycles', ['a <- b', 'b <- a', 'c <- d quire/push', 'd <- c'], ['cycle@1', 'cycle@3']],
  ['an unknown input', ['a <- quire/push', 'b <- aa'], ['unknown-input@2']],
  ['two unknown inputs, one twice', ['a <- x y x'], ['unknown-input@1', 'unknown-input@1']],
  ['an unknown input beside a known one', ['a <- quire/push', 'b <- a x'], ['unknown-input@2']],
  [
    'what an unknown input keeps from a source',
    ['a <- x', 'b <- a'],
    ['unknown-input@1', 'unreachable-job@2'],
  ],
  ['an unknown source', ['a <- quire/pull'], ['unknown-input@1']],
];
for (const [name, lines, problems] of cases) test(name, () => assert.equal(found(lines), problems));

test('the two ways to say all at once: two cycles, a reserved id, no inputs, an unknown input', () => {
  const all = found(['a <- b', 'b <- a', 'c <- c', 'quire <- quire/push', 'd <-', 'e <- f']);
  assert.equal(all, ['cycle@1', 'cycle@3', 'reserved-id@4', 'empty-inputs@5', 'unknown-input@6']);
});

test('a cycle names its members in order, and shows the others', () => {
  const checked = checkDraft(draft(['c <- b', 'b <- a', 'a <- c']));
  assert.not(checked.ok);
  const [cycle] = checked.ok ? [] : checked.error;
  assert.match(cycle?.message ?? '', 'a, b, c');
  assert.equal(
    cycle?.notes.map(({ span }) => span.start.line),
    [2, 1],
  );
});

test('an unknown input suggests the nearest name', () => {
  const hints = (lines: string[]) => {
    const checked = checkDraft(draft(lines));
    return checked.ok ? [] : checked.error.map(({ hint }) => hint);
  };
  assert.match(hints(['build <- quire/push', 'test <- biuld'])[0] ?? '', "did you mean 'build'?");
  assert.match(hints(['build <- quire/psh'])[0] ?? '', "did you mean 'quire/push'?");
  assert.not.match(hints(['build <- zzzzzzzz'])[0] ?? '', 'did you mean');
});

test('a second image shows the first', () => {
  const image = (name: string, line: number) => ({ name, span: pointSpan('ci.fnl', line, 1) });
  const checked = checkDraft({ ...draft(['a <- quire/push']), images: [image('x', 2), image('y', 3)] });
  const [problem] = checked.ok ? [] : checked.error;
  assert.is(problem?.code, 'second-image');
  assert.is(problem?.span?.start.line, 3);
  assert.is(problem?.notes[0]?.span.start.line, 2);
});

test('a job whose inputs could not be read makes nothing else unreachable', () => {
  const { jobs, ...rest } = draft(['a <- quire/push', 'b <- a']);
  const unreadable = jobs.map((job) => (job.id === 'a' ? { ...job, inputs: null } : job));
  assert.ok(checkDraft({ ...rest, jobs: unreadable }).ok);
});

test('two evaluations differ in jobs, order, inputs or image, never in lines', () => {
  const first = registered(pipeline('a <- quire/push', 'b <- a'));
  assert.is(difference(first, registered(pipeline('a <- quire/push', 'b <- a'))), null);
  assert.match(difference(first, registered(pipeline('a <- quire/push'))) ?? '', "'b'");
  assert.match(difference(registered(pipeline('a <- quire/push')), first) ?? '', "'b'");
  assert.match(difference(first, registered(pipeline('a <- quire/push', 'b <- quire/push'))) ?? '', 'inputs');
  assert.match(difference(first, { ...first, image: 'x' }) ?? '', 'image');
});

test.run();
