import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Redactor, Secret } from '../../lib/secrets/secrets.ts';

const test = suite('secrets/mask-stream');

const redactorOf = (secrets: Readonly<Record<string, string>>): Redactor => {
  const redactor = new Redactor();
  for (const [name, value] of Object.entries(secrets)) redactor.add(new Secret(name, value));
  return redactor;
};

const inChunks = (redactor: Redactor, chunks: readonly Uint8Array[]): string => {
  const stream = redactor.stream();
  const parts = chunks.map((chunk) => Buffer.from(stream.write(chunk)));
  return Buffer.concat([...parts, stream.flush()]).toString('latin1');
};

const cases: [what: string, secrets: Record<string, string>, text: string, masked: string][] = [
  ['alone', { a: 'password1' }, 'password1', '{{ a }}'],
  ['amid text', { a: 'password1' }, '<password1>', '<{{ a }}>'],
  ['twice in a row', { a: 'password1' }, 'password1password1', '{{ a }}{{ a }}'],
  ['a false start', { a: 'password1' }, 'passpasswordpassword1', 'passpassword{{ a }}'],
  ['the beginning, at the end', { a: 'password1' }, 'my password', 'my password'],
  [
    'the longest wins',
    { a: 'password1', b: 'password1234' },
    'password1 password1234 password123',
    '{{ a }} {{ b }} {{ a }}23',
  ],
  [
    'one inside another',
    { a: 'password1', b: 'mypassword12' },
    'mypassword12 mypassword1',
    '{{ b }} my{{ a }}',
  ],
  ['overlapping', { a: 'abcdefgh', b: 'efghijklm' }, 'abcdefghijklm!', '{{ b }}!'],
  ['with itself', { a: 'abababab' }, 'abababababab', '{{ a }}'],
  ['split by a colour', { a: 'password1' }, 'pass\x1b[31mword1!', '{{ a }}\x1b[31m!'],
  [
    'split by many',
    { a: 'password1' },
    '\x1b[1mp\x1b[31m\x1b[Kass\x1b(Bword\x1b[0m1\x1b[0m',
    '\x1b[1m{{ a }}\x1b[31m\x1b[K\x1b(B\x1b[0m\x1b[0m',
  ],
  ['letter by letter', { a: 'password1' }, [...'password1'].join('\x1b[m'), `{{ a }}${'\x1b[m'.repeat(8)}`],
  ['colours that split nothing', { a: 'password1' }, 'pass\x1b[31mage \x1b[1', 'pass\x1b[31mage \x1b[1'],
  ['after a broken colour', { a: '[12345678' }, 'x\x1b[12345678y', 'x\x1b{{ a }}y'],
  ['a colour as part of it', { a: 'pass\x1b[1mword' }, 'pass\x1b[1mword password', '{{ a }}\x1b[1m {{ a }}'],
  [
    'folded base64',
    { a: 'x'.repeat(60) },
    Buffer.from('x'.repeat(60)).toString('base64').replace(/.{20}/g, '$&\r\n'),
    '{{ a }}\r\n',
  ],
  [
    'hex in lines',
    { a: 'some long password' },
    Buffer.from('some long password').toString('hex').replace(/.{14}/g, '$&\n'),
    '{{ a }}',
  ],
];

for (const [what, secrets, text, masked] of cases) {
  test(`${what}, cut at any two places`, () => {
    const redactor = redactorOf(secrets);
    const bytes = Buffer.from(text);
    assert.is(redactor.mask(text), masked);
    for (let one = 0; one <= bytes.length; one += 1) {
      for (let two = one; two <= bytes.length; two += 1) {
        const chunks = [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
        assert.is(inChunks(redactor, chunks), masked, `cut at ${one} and ${two}`);
      }
    }
  });
}

test('random text in random chunks: no form is left, and the chunks make no difference', () => {
  const letters = fc.constantFrom(
    'a',
    'b',
    'ab',
    'aab',
    'A',
    '\n',
    '\x1b[1m',
    '\x1b',
    '[',
    'YWJ',
    '6161',
    '%61',
  );
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', '\n', '/'), minLength: 6, maxLength: 14 });
  const encode: ((text: string) => string)[] = [
    (text) => text,
    (text) => Buffer.from(text).toString('base64'),
    (text) => Buffer.from(`b${text}`).toString('base64'),
    (text) => Buffer.from(text).toString('hex'),
    (text) => encodeURIComponent(text),
    (text) => JSON.stringify(text),
    (text) => [...text].join('\x1b[1m'),
  ];
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.array(fc.oneof(letters, fc.tuple(fc.nat(6), fc.nat(2))), { maxLength: 30 }),
      fc.array(fc.nat(200), { maxLength: 12 }),
      (values, pieces, cuts) => {
        const redactor = new Redactor();
        for (const [index, each] of values.entries()) redactor.add(new Secret(`_${index}_`, each));
        const text = pieces
          .map((piece) =>
            typeof piece === 'string'
              ? piece
              : (encode[piece[0]]?.(values[piece[1] % values.length] ?? '') ?? ''),
          )
          .join('');
        const bytes = Buffer.from(text);
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((start, index) =>
          bytes.subarray(start, places[index] ?? bytes.length),
        );
        const whole = inChunks(redactor, [bytes]);
        assert.is(inChunks(redactor, chunks), whole);
        assert.is(
          inChunks(
            redactor,
            [...bytes].map((byte) => Uint8Array.of(byte)),
          ),
          whole,
        );
        for (const each of values) {
          if (Buffer.byteLength(each) < 8) continue;
          for (const form of encode.slice(0, 5)) {
            const before = form === encode[2] ? 1 : 0;
            const text = form(each).replace(/=+$/, '');
            const base64 = form === encode[1] || form === encode[2];
            const whollyIts = Math.floor((8 * (Buffer.byteLength(each) + before)) / 6);
            const decided = base64 ? text.slice(2 * before, whollyIts) : text;
            assert.not.ok(whole.includes(decided), decided);
          }
        }
      },
    ),
    { numRuns: 1500 },
  );
});

test('long plain text: the same as replacing the values one by one', () => {
  const values = ['ghp_16C7e42F292c6912E7', 'correct horse battery staple', 'AKIAIOSFODNN7EXAMPLE'];
  const redactor = redactorOf(Object.fromEntries(values.map((value, index) => [`s${index}`, value])));
  const words = [
    'the',
    'test',
    'correct',
    'ghp_16',
    'horse',
    'AKIA',
    '\n',
    ' ',
    '7EXAMPLE',
    'ok',
    '2026-11-21',
    '\x1b[0m',
  ];
  const piece = fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 300, maxLength: 900, size: 'max' }),
      fc.integer({ min: 1, max: 900 }),
      (pieces, size) => {
        const text = pieces.join('|');
        const wanted = values.reduce((left, value, index) => left.replaceAll(value, `{{ s${index} }}`), text);
        const bytes = Buffer.from(text);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        assert.is(inChunks(redactor, chunks), wanted);
      },
    ),
    { numRuns: 100 },
  );
});

test('only what may be the beginning of a secret waits', () => {
  const stream = redactorOf({ a: 'password1' }).stream();
  assert.is(stream.write(Buffer.from('hello pass')).toString(), 'hello ');
  assert.is(stream.held, 4);
  assert.is(stream.write(Buffer.from('age\n')).toString(), 'passage\n');
  assert.is(stream.held, 0);
  assert.is(stream.write(Buffer.from('password')).toString(), '');
  assert.is(stream.flush().toString(), 'password');
});

test('a secret added while a stream is open is masked in what still waits and all that follows', () => {
  const redactor = redactorOf({ a: 'password1' });
  const stream = redactor.stream();
  assert.is(stream.write(Buffer.from('a passw')).toString(), 'a ');
  redactor.add(new Secret('b', 'passwind!'));
  assert.is(stream.write(Buffer.from('ind! passwind')).toString(), '{{ b }} ');
  assert.is(stream.write(Buffer.from('! password1')).toString(), '{{ b }} {{ a }}');
});

test('a secret added to a stream that had none', () => {
  const redactor = new Redactor();
  const stream = redactor.stream();
  const chunk = Buffer.from('password1');
  assert.is(stream.write(chunk).toString(), 'password1');
  redactor.add(new Secret('a', 'password1'));
  assert.is(stream.write(chunk).toString(), '{{ a }}');
});

test('streams of one redactor do not disturb each other', () => {
  const redactor = redactorOf({ a: 'password1' });
  const [one, two] = [redactor.stream(), redactor.stream()];
  assert.is(one.write(Buffer.from('pass')).toString(), '');
  assert.is(two.write(Buffer.from('word1')).toString(), 'word1');
  assert.is(one.write(Buffer.from('word1')).toString(), '{{ a }}');
});

test('an endless secret that overlaps itself needs no memory', () => {
  const redactor = redactorOf({ a: 'abababab' });
  const stream = redactor.stream();
  const chunk = Buffer.from('ab'.repeat(32 * 1024));
  let given = '';
  let most = 0;
  for (let count = 0; count < 200; count += 1) {
    given += stream.write(chunk).toString();
    most = Math.max(most, stream.held);
  }
  given += stream.write(Buffer.from('!')).toString();
  assert.is(given + stream.flush().toString(), '{{ a }}!');
  assert.ok(most < 512 * 1024, `held ${most}`);
});

test('endless colours amid what may be a secret need no memory', () => {
  const stream = redactorOf({ a: 'password1' }).stream();
  assert.is(stream.write(Buffer.from('pass')).length, 0);
  const chunk = Buffer.from('\x1b[1m'.repeat(16 * 1024));
  let given = 0;
  for (let count = 0; count < 50; count += 1) given += stream.write(chunk).length;
  assert.is(given + stream.flush().length, 4 + 50 * chunk.length);
  assert.is(given, 4 + 50 * chunk.length);
});

test('a text of nothing but secrets takes no longer than its length', () => {
  const redactor = redactorOf({ a: 'password1' });
  const text = 'pass\x1b[1mword1 '.repeat(200_000);
  const start = performance.now();
  assert.is(redactor.mask(text).length, '{{ a }}\x1b[1m '.length * 200_000);
  assert.ok(performance.now() - start < 5000);
});

test('what has no secret comes back as it was', () => {
  const none = new Redactor();
  const text = 'a lone surrogate \ud800';
  assert.is(none.mask(text), text);
  assert.is(redactorOf({ a: 'password1' }).mask(text), text);
  const bytes = Buffer.from('fffe00', 'hex');
  assert.equal(none.maskBytes(bytes), bytes);
});

test.run();
