import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Redactor, Secret } from '../../lib/secrets/secrets.ts';

const test = suite('secrets/forms');

const masker = (value: string | Uint8Array, name = 's'): ((text: string) => string) => {
  const redactor = new Redactor();
  redactor.add(new Secret(name, value));
  return (text) => redactor.mask(text);
};

const awkward = `p@ss/w+rd 'q' "z" <é>&\\x`;
const pem = `-----BEGIN KEY-----\n${'MIIabc+/9'.repeat(7)}\n${'ZZtop/+12'.repeat(7)}\nab==\n-----END KEY-----\n`;

/** What a real tool makes of the value, and what is left of it. */
const tools: [name: string, command: string, left: RegExp][] = [
  ['echo', 'echo "$S"', /^\{\{ s \}\}\n$/],
  ['base64', 'printf %s "$S" | base64 -w0', /^\{\{ s \}\}$/],
  ['base64 of a line', 'echo "$S" | base64 -w0', /^\{\{ s \}\}.{0,4}$/],
  ['base64 after one byte', 'printf "u%s" "$S" | base64 -w0', /^.{2}\{\{ s \}\}$/],
  ['base64 after two bytes', 'printf "u:%s" "$S" | base64 -w0', /^.{3}\{\{ s \}\}$/],
  ['base64 after three bytes', 'printf "us:%s" "$S" | base64 -w0', /^.{4}\{\{ s \}\}$/],
  ['base64 between others', 'printf "user:%s:more" "$S" | base64 -w0', /^.{6,9}\{\{ s \}\}.{4,10}$/],
  ['base64 for URLs', 'printf %s "$S" | base64 -w0 | tr +/ -_', /^\{\{ s \}\}$/],
  ['base64 in lines', 'printf %s "$S" | base64', /^\{\{ s \}\}\n$/],
  ['base64 in lines of 64', 'printf %s "$S" | base64 -w 64', /^\{\{ s \}\}\n$/],
  ['hex', 'printf %s "$S" | od -An -v -tx1 | tr -d " \\n"', /^\{\{ s \}\}$/],
  ['hex in capitals', 'printf %s "$S" | od -An -v -tx1 | tr -d " \\n" | tr a-f A-F', /^\{\{ s \}\}$/],
  ['JSON', 'node -p "JSON.stringify(process.env.S)"', /^"\{\{ s \}\}(\\n)?"\n$/],
  ['URL', 'node -p "encodeURIComponent(process.env.S)"', /^\{\{ s \}\}(%0A)?\n$/],
  ['form', 'node -p "new URLSearchParams({s:process.env.S}).toString()"', /^s=\{\{ s \}\}(%0A)?\n$/],
  ['small hex digits', 'node -p "encodeURIComponent(process.env.S).toLowerCase()"', /./],
];

for (const [name, command, left] of tools) {
  for (const [what, value] of [
    ['a line', awkward],
    ['a PEM key', pem],
  ] as const) {
    test(`${name}: ${what}`, () => {
      const printed = execFileSync('sh', ['-c', command], {
        env: { PATH: process.env.PATH ?? '', S: value },
        encoding: 'utf8',
      });
      assert.match(masker(value)(printed), left);
    });
  }
}

test('a word as `set -x` prints it', () => {
  const traced = execFileSync('bash', ['-c', 'set -x; : "$S"'], {
    env: { PATH: process.env.PATH ?? '', S: "it's a pass word" },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.is(traced, '');
  assert.is(masker("it's a pass word")(`+ : 'it'\\''s a pass word'`), "+ : '{{ s }}'");
});

test('a key with its line ends as they are, as CRLF, as spaces, and line by line', () => {
  const mask = masker(pem);
  assert.is(mask(`<${pem}>`), '<{{ s }}>');
  assert.is(mask(`<${pem.replaceAll('\n', '\r\n')}>`), '<{{ s }}>');
  assert.is(mask(`<${pem.replaceAll('\n', ' ')}>`), '<{{ s }}>');
  assert.is(mask(`<${pem.trim().replaceAll('\n', ' ')}>`), '<{{ s }}>');
  const [first = '', second = ''] = pem.split('\n');
  assert.is(mask(`1 ${second}\n2 ${first}\n`), '1 {{ s }}\n2 {{ s }}\n');
  assert.is(mask('ab==\n'), 'ab==\n');
});

test('percent encoding in either case', () => {
  const mask = masker('a/b?c=d&e');
  assert.is(mask('x=a%2Fb%3Fc%3Dd%26e;'), 'x={{ s }};');
  assert.is(mask('x=a%2fb%3fc%3dd%26e;'), 'x={{ s }};');
  assert.is(mask('x=a/b%3Fc%3Dd%26e;'), 'x={{ s }};');
});

test('JSON as other writers escape it', () => {
  const mask = masker('a/b<é>"c"');
  assert.is(mask('a\\/b<é>\\"c\\"'), '{{ s }}');
  assert.is(mask('a/b<\\u00e9>\\"c\\"'), '{{ s }}');
  assert.is(mask('a/b\\u003cé\\u003e\\"c\\"'), '{{ s }}');
});

test('a value that is not UTF-8', () => {
  const value = Buffer.from('ff00fe8081c0c1ffee', 'hex');
  const redactor = new Redactor();
  redactor.add(new Secret('raw', value));
  const around = Buffer.concat([Buffer.from('<'), value, Buffer.from('>')]);
  assert.is(redactor.maskBytes(around).toString('latin1'), '<{{ raw }}>');
  assert.is(redactor.mask(value.toString('base64')), '{{ raw }}');
  assert.is(redactor.mask(value.toString('hex')), '{{ raw }}');
});

test('short lines and short values are named, not masked', () => {
  const redactor = new Redactor();
  assert.equal(redactor.add(new Secret('pin', '1234567')), [{ reason: 'too-short', name: 'pin' }]);
  const json = '{\n  "client": "abcdefgh",\n  "x": 1\n}\n';
  const warnings = redactor.add(new Secret('json', json));
  assert.equal(warnings, [{ reason: 'short-lines', name: 'json', lines: 3 }]);
  assert.is(redactor.mask('{\n}\n1234567\n'), '{\n}\n1234567\n');
  assert.is(redactor.mask('    "client": "abcdefgh",\n'), '    {{ json }}\n');
  assert.is(redactor.mask(json), '{{ json }}');
});

test.run();
