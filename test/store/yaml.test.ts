import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LuaFloat } from '../../lib/base/plain.ts';
import { outputsText, parseOutputs } from '../../lib/store/outputs.ts';
import { parseMeta, parseOutcome, parseOwner, parsePipeline, parseTimes } from '../../lib/store/records.ts';
import { parseYaml, reading, writeFlow, writeYaml } from '../../lib/store/yaml.ts';
import { bad, good } from './place.ts';

const test = suite('store/yaml');

const sha = '0123456789abcdef0123456789abcdef01234567';
const id = '01a1fd55-7a81-7ce3-a863-f51b6baf9d16';
const meta = `format: 1
id: "${id}"
number: 7
repo: "rocket"
ref: "refs/heads/main"
sha: "${sha}"
old_sha: null
pushed_at: "2026-11-21T09:00:00.001Z"
pusher: "ada"
author: "Ada <ada@example.org>"
subject: "change"
reason: "push"
rerun_of: null
variables: {}
`;
const instead = (from: string, to: string): string => meta.replace(from, to);

const acceptable: [name: string, text: string][] = [
  ['our own hand', meta],
  ['comments and single quotes', `# a comment\n${instead('"change"', "'change'")}`],
  ['one flow mapping', `{${meta.trim().replaceAll('\n', ', ')}}`],
  ['a document marker', `---\n${meta}`],
  ['block scalars', instead('"change"', '|-\n  change')],
  ['keys nobody knows', `${meta}more: [1, 2]\n`],
  ['absent null keys', instead('rerun_of: null\n', '')],
  ['CRLF', meta.replaceAll('\n', '\r\n')],
  ['an unquoted time', instead('"2026-11-21T09:00:00.001Z"', '2026-11-21T09:00:00.001Z')],
];

for (const [name, text] of acceptable) {
  test(`reads ${name}`, async () => {
    const read = good(await reading(() => parseMeta(text)));
    assert.is(read.number, 7);
    assert.is(read.subject.text, 'change');
    assert.is(read.sha, sha);
  });
}

const bomb = `a: &a ["x", "x"]\n${'bcdefghijklmnopqrstuvwxyz'
  .split('')
  .map(
    (key, at) =>
      `${key}: &${key} [*${'abcdefghijklmnopqrstuvwxyz'[at]}, *${'abcdefghijklmnopqrstuvwxyz'[at]}]`,
  )
  .join('\n')}\n`;

const hostile: [name: string, text: string][] = [
  ['an alias bomb', bomb + meta],
  [
    'a single alias',
    instead('"change"', '&x "change"').replace('author: "Ada <ada@example.org>"', 'author: *x'),
  ],
  ['20,000 open brackets', '['.repeat(20_000)],
  ['20,000 open braces', '{"a":'.repeat(20_000)],
  ['20,000 dashes', '- '.repeat(20_000)],
  ['20,000 question marks', '? '.repeat(20_000)],
  ['a tag', instead('"change"', '!!str "change"')],
  ['a tag of somebody', instead('"change"', '!ruby/object "change"')],
  ['a key given twice', `${meta}subject: "other"\n`],
  ['a key given twice within', instead('variables: {}', 'variables: {"A": "1", "A": "2"}')],
  ['an unquoted sha that is a number', instead(`"${sha}"`, `${'1'.repeat(9)}e${'1'.repeat(30)}`)],
  ['a quoted sha of another shape', instead(sha, '1234567e1234')],
  ['a list of variables', instead('variables: {}', 'variables: ["A=1"]')],
  ['a number for a variable', instead('variables: {}', 'variables: {"A": 1}')],
  ['a number below 1', instead('number: 7', 'number: 0')],
  ['a fraction', instead('number: 7', 'number: 7.5')],
  ['a path for an id', instead(id, '../../../etc/passwd')],
  ['another format', instead('format: 1', 'format: 2')],
  ['a missing key', instead('repo: "rocket"\n', '')],
  ['two documents', `${meta}---\n${meta}`],
  ['nothing', ''],
  ['NUL bytes', '\0'.repeat(300)],
  ['a sequence', `- ${meta}`],
  ['half a record', meta.slice(0, meta.length / 2)],
];

for (const [name, text] of hostile) {
  test(`refuses ${name}, quickly`, async () => {
    await reading(() => parseYaml('# loads the library\na: 1'));
    const start = performance.now();
    bad(await reading(() => parseMeta(text)));
    assert.ok(performance.now() - start < 1000);
  });
}

test('text that merely looks like an alias or a tag is text', async () => {
  const read = good(await reading(() => parseMeta(instead('"change"', '|-\n  *not !an &alias'))));
  assert.is(read.subject.text, '*not !an &alias');
});

test('every character survives, whoever reads', async () => {
  const text = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
  const all = `${text}\ufeff\ufffe\uffff\u{1f600}\ud800`;
  const written = writeYaml({ key: all });
  assert.not(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(written));
  assert.equal(good(await reading(() => parseYaml(written))), { key: all });
  const foreign = good(await reading(() => parseYaml(`# not ours\n${written}`)));
  assert.equal(foreign, { key: all });
});

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new LuaFloat(value)),
);
const outputs = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** A float that is not whole needs no wrapping to stay one. */
const normal = (value: unknown): unknown => {
  if (value instanceof LuaFloat) return Number.isInteger(value.value) ? value : value.value;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
};

test('outputs come back as they were, integers and floats apart', async () => {
  await fc.assert(
    fc.asyncProperty(outputs, async (value) => {
      const text = outputsText(value as never);
      assert.equal(good(await reading(() => parseOutputs(text))), normal(value));
      // And so they do through the library alone.
      assert.equal(good(await reading(() => parseOutputs(`# not ours\n${text}`))), normal(value));
    }),
    { numRuns: 200 },
  );
});

test('output bytes that are no text come back as bytes', async () => {
  const value = {
    name: Uint8Array.of(0xff, 0x41),
    list: [Uint8Array.of(0xfe)],
    text: '\ufffd',
    text64: 'user',
  };
  const text = outputsText(value);
  assert.match(text, /name: "\ufffdA"\nname64: "\/0E="/);
  assert.equal(good(await reading(() => parseOutputs(text))), value);
});

test('a long output is cut and says so', async () => {
  const text = outputsText({ big: 'ä'.repeat(100_000) });
  assert.ok(text.length < 70_000);
  assert.match(text, /ä… \[cut: 200000 bytes in all\]"\n$/);
});

test('floats are written so that YAML 1.1 reads them', () => {
  const cases: [number, string][] = [
    [2, '2.0'],
    [1e300, '1.0e+300'],
    [1.5e-7, '1.5e-7'],
    [-0, '-0.0'],
  ];
  for (const [value, text] of cases) assert.is(writeFlow(new LuaFloat(value)), text);
});

test('small records refuse what is not theirs', async () => {
  for (const [parse, text] of [
    [parseOwner, 'pid: "1"\nstart: 1\nboot: "x"\n'],
    [parseOutcome, 'outcome: "fine"\n'],
    [parseTimes, 'created_at: "yesterday"\n'],
    [parsePipeline, 'jobs:\n  - {"id": "../x", "inputs": [], "file": "f", "line": 1}\n'],
    [parsePipeline, 'jobs: "none"\n'],
  ] as const) {
    bad<string>(await reading(() => parse(text)));
  }
});

test.run();
