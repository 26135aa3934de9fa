import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultConfig } from '../../lib/config/config.ts';
import { examineConfig, readConfig } from '../../lib/config/read.ts';
import { shownConfig } from '../../lib/config/show.ts';

const test = suite<{ room: string }>('config/read', { room: '' });

test.before((context) => {
  context.room = fs.mkdtempSync(join(tmpdir(), 'quire-config-'));
});
test.after((context) => fs.rmSync(context.room, { recursive: true }));

const examine = (text: string) => examineConfig('/data/config.fnl', Buffer.from(text));

test('a missing file means the defaults', ({ room }) => {
  const read = readConfig(join(room, 'none.fnl'));
  assert.equal(read, { ok: true, value: { config: defaultConfig(), warnings: [] } });
});

test('a file that can not be read is a fault, not the defaults', ({ room }) => {
  const read = readConfig(room);
  assert.not(read.ok);
  assert.is(read.ok ? '' : read.error[0]?.code, 'unreadable');
});

test('relative paths are relative to the file', ({ room }) => {
  const path = join(room, 'config.fnl');
  fs.writeFileSync(path, '{:secrets {:token {:file "token"}}}');
  const read = readConfig(path);
  const [secret] = read.ok ? read.value.config.secrets : [];
  assert.equal(secret?.source, { from: 'file', path: join(room, 'token') });
});

for (const text of ['', ';; nothing yet\n', '{}', '\ufeff{}\r\n', 'nil']) {
  test(`means the defaults: ${JSON.stringify(text)}`, () => {
    const examined = examine(text);
    assert.equal(examined.ok ? examined.value.config : examined, defaultConfig());
  });
}

test('a file may compute its table', () => {
  const examined = examine('(local n 2)\n(let [t {:max-runs (+ n 1)}]\n  (set t.timeout (.. n "h"))\n  t)');
  const config = examined.ok ? examined.value.config : null;
  assert.is(config?.maxRuns, 3);
  assert.is(config?.timeoutMs, 7_200_000);
});

test('the template that is installed is sound, and every example in it', () => {
  const text = fs.readFileSync('templates/config.fnl', 'utf8');
  const plain = examine(text);
  assert.equal(plain.ok ? plain.value.config : plain, defaultConfig());
  const all = examine(text.replace(/^ ;; (?=:| +[:"{[]| +;; |\})/gm, ' '));
  assert.ok(all.ok, JSON.stringify(all));
  assert.equal(all.ok ? [...all.value.errors, ...all.value.warnings] : [], []);
  assert.is(all.ok ? all.value.config.secrets.length : 0, 4);
  assert.is(all.ok ? all.value.config.cleanup.keep : 0, 200);
  assert.is(all.ok ? all.value.config.mirrors.length : 0, 2);
});

const located: [text: string, line: number, column: number][] = [
  ['{:max-runs 1\n :max-jobs "two"}', 2, 2],
  ['{:docker {:bin "docker"\n          :cpus "two"}}', 2, 11],
  ['{:secrets {:a "x"\n           :b 7}}', 2, 12],
  ['(local t {})\n{:a 1\n :docker t\n :replace 0}', 4, 2],
  ['(let [n "x"]\n  {:max-runs n})', 2, 4],
  ['(local docker {:cpus "two"})\n\n{:docker docker}', 3, 2],
  ['"text"', 1, 1],
];
for (const [text, line, column] of located) {
  test(`a wrong type has its place: ${JSON.stringify(text)}`, () => {
    const examined = examine(text);
    const span = examined.ok ? examined.value.errors[0]?.span : null;
    assert.equal([span?.file, span?.start], ['/data/config.fnl', { line, column }]);
  });
}

test('an unknown key has its place, and the nearest', () => {
  const examined = examine('{:replace true\n :max-run 1}');
  const [warning] = examined.ok ? examined.value.warnings : [];
  assert.is(warning?.code, 'unknown-key');
  assert.is(warning?.span?.start.line, 2);
  assert.match(warning?.hint ?? '', 'did you mean :max-runs?');
});

const broken: [text: string, code: RegExp, line: number][] = [
  ['{:a 1\n :b (foo)}', /unknown|global/, 2],
  ['{:a', /./, 1],
  ['(error "no")', /^runtime-error$/, 1],
  ['\n{:a (fn [])}', /^not-data$/, 2],
  ['{:a {:b\n {:c print}}}', /^not-data$/, 2],
  ['(while true)', /^evaluation-time$/, 1],
  ['\n(os.execute "id")', /./, 2],
  ['(require :quire.ci)', /./, 1],
];
for (const [text, code, line] of broken) {
  test(`broken: ${JSON.stringify(text)}`, () => {
    const limits = { timeMs: 300, memoryBytes: 64 * 1024 * 1024 };
    const examined = examineConfig('config.fnl', Buffer.from(text), limits);
    assert.not(examined.ok);
    const [problem] = examined.ok ? [] : examined.error;
    assert.match(problem?.code ?? '', code);
    assert.is(problem?.span?.start.line, line);
  });
}

const shown: [text: string, json: unknown][] = [
  [
    '{:max-runs 2 :docker {:cpus 1.5} :pass-env ["A"]}',
    { 'max-runs': 2, docker: { cpus: 1.5 }, 'pass-env': ['A'] },
  ],
  ['{:a 2.0 :b [1 2 [3]] :c false}', { a: 2, b: [1, 2, [3]], c: false }],
  ['[1 2 3]', [1, 2, 3]],
  ['{:secrets {:a "hunter2"}}', { secrets: { a: '{{ a }}' } }],
  ['{:secrets {:a {:file "/s/a"} :b {:env :B}}}', { secrets: { a: { file: '/s/a' }, b: { env: 'B' } } }],
  [
    '{:secrets {:a {:value "hunter2" :refs ["main"]}}}',
    { secrets: { a: { value: '{{ a }}', refs: ['main'] } } },
  ],
  ['{:secrets {:a {:text "hunter2"}}}', { secrets: { a: { text: '{{ a }}' } } }],
  [
    '(local t "hunter2") {:secrets {:a t} :env {:T t} :mirrors {(.. "https://x:" t "@h") :a} :site {:title (.. t t)}}',
    {
      secrets: { a: '{{ a }}' },
      env: { T: '{{ a }}' },
      mirrors: { 'https://x:{{ a }}@h': 'a' },
      site: { title: '{{ a }}{{ a }}' },
    },
  ],
  ['{:secrets {:a "b"} :path "/bin"}', { secrets: { a: '{{ a }}' }, path: '/bin' }],
  [
    '{:secrets {:a "password1" :b "password1234"} :path "password1234"}',
    { secrets: { a: '{{ a }}', b: '{{ b }}' }, path: '{{ b }}' },
  ],
];
for (const [text, json] of shown) {
  test(`as JSON: ${text}`, () => {
    const examined = examine(text);
    assert.ok(examined.ok);
    assert.equal(examined.ok ? shownConfig(examined.value.value) : null, json);
  });
}

test.run();
