/**
 * Random programs: an answer or a diagnostic, never a throw, and never Lua that does not load.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, printForm, read } from '../../lib/fennel/fennel.ts';
import type { Form } from '../../lib/fennel/forms.ts';
import { globals, luaLoader } from './rig.ts';

const test = suite('fennel/random');
const refusalOf = luaLoader();

const heads = (
  'let local var fn lambda if when do each for while set tset . ?. : values case match icollect collect ' +
  'accumulate fcollect -> ->> -?> doto hashfn and or not + .. = < length # partial pick-values pick-args ' +
  'global quote unquote with-open case-try macro macros import-macros include lua comment tail! band lshift ' +
  'where catch & &as &until &into print f x'
).split(' ');
const names = [
  'x',
  'y',
  'a-b',
  'end',
  '_',
  '?z',
  't.a',
  't:m',
  '...',
  '$',
  '$1',
  '$...',
  'nope',
  '_G',
  'x#',
  'λ',
  '&',
];

const word = fc.constantFrom(...heads, ...names);
const scalar: fc.Arbitrary<Form> = fc.oneof(
  fc.integer({ min: -5, max: 5 }).map((value): Form => ({ type: 'number', value, float: false, span: null })),
  fc.double({ noNaN: true }).map((value): Form => ({ type: 'number', value, float: true, span: null })),
  fc.boolean().map((value): Form => ({ type: 'boolean', value, span: null })),
  fc
    .string({ unit: 'binary', maxLength: 6 })
    .map(
      (text): Form => ({ type: 'string', bytes: Buffer.from(text, 'utf8').toString('latin1'), span: null }),
    ),
  fc
    .uint8Array({ maxLength: 4 })
    .map((bytes): Form => ({ type: 'string', bytes: Buffer.from(bytes).toString('latin1'), span: null })),
  fc.constant<Form>({ type: 'nil', span: null }),
);
const symbol: fc.Arbitrary<Form> = word.map((name): Form => ({ type: 'symbol', name, span: null }));

const { form } = fc.letrec<{ form: Form }>((tie) => ({
  form: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    symbol,
    symbol,
    fc
      .tuple(symbol, fc.array(tie('form'), { maxLength: 4 }))
      .map(([head, rest]): Form => ({ type: 'list', items: [head, ...rest], span: null })),
    fc.array(tie('form'), { maxLength: 4 }).map((items): Form => ({ type: 'sequence', items, span: null })),
    fc
      .array(fc.tuple(tie('form'), tie('form')), { maxLength: 3 })
      .map((entries): Form => ({ type: 'table', entries, span: null })),
  ),
}));

/** A form without its places. */
const bare = (value: Form): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, part) =>
      key === 'span' ? undefined : typeof part === 'number' ? String(part) : part,
    ),
  );

/** Names that can be read back: not those that are cut or refused on the way. */
const readable = (value: Form): boolean => {
  switch (value.type) {
    case 'symbol':
      return value.name !== 'nil';
    case 'list':
    case 'sequence':
      return value.items.every(readable);
    case 'table':
      // `{: x}` is short for something else.
      return value.entries.every(
        ([key, part]) => !(key.type === 'symbol' && key.name === ':') && readable(key) && readable(part),
      );
    default:
      return true;
  }
};

test('a printed form reads as the same form', () => {
  fc.assert(
    fc.property(form.filter(readable), (made) => {
      const found = read({ name: 'x', text: printForm(made) });
      assert.ok(found.ok, printForm(made));
      if (found.ok) assert.equal(found.value.map(bare), [bare(made)]);
    }),
    { numRuns: 500 },
  );
});

test('random forms compile to Lua that loads, or to a diagnostic', () => {
  fc.assert(
    fc.property(fc.array(form, { maxLength: 3 }), (made) => {
      const text = made.map((form) => printForm(form)).join('\n');
      const compiled = compile({ name: 'x', text }, { globals: [...globals, 'x', 'y', 't', 'f'] });
      // Lua that the program brings itself is its own affair.
      if (compiled.ok && !text.includes('lua')) assert.is(refusalOf(compiled.value.lua), null, text);
      if (!compiled.ok)
        assert.ok(
          compiled.error.every((fault) => fault.message !== '' && fault.span !== null),
          text,
        );
    }),
    { numRuns: 1500 },
  );
});

test('random text never throws', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    '\\',
    '#',
    '`',
    ',',
    "'",
    ' ',
    '\n',
    ':',
    '.',
    '&',
    '@',
    '~',
    ';',
    '1',
    'x',
    'é',
    '😀',
    ...heads,
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (made) => {
      const compiled = compile({ name: 'x', text: made });
      if (compiled.ok && !made.includes('lua')) assert.is(refusalOf(compiled.value.lua), null, made);
    }),
    { numRuns: 1500 },
  );
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      compile({ name: 'x', text: Buffer.from(bytes).toString('utf8') });
      compile({ name: 'x', text: Buffer.from(bytes).toString('latin1') });
    }),
    { numRuns: 500 },
  );
});

test.run();
