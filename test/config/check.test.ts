import { availableParallelism } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pointSpan } from '../../lib/base/diagnostic.ts';
import { LuaFloat, type Plain } from '../../lib/base/plain.ts';
import { type Checked, checkConfig } from '../../lib/config/check.ts';
import { type Config, defaultConfig } from '../../lib/config/config.ts';

const test = suite('config/check');

/** The line of a place is the length of its path plus one: enough to see which key is meant. */
const check = (value: Plain): Checked =>
  checkConfig(value, {
    placeOf: (path) => pointSpan('config.fnl', path.length + 1, 1),
    directory: '/data/quire',
  });

/** What a config gives that is not the default. */
function changes(value: Plain): Partial<Config> {
  const { config, errors, warnings } = check(value);
  assert.equal([...errors, ...warnings], []);
  const base = defaultConfig();
  const keys = Object.keys(config) as (keyof Config)[];
  const changed = keys.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(base[key]));
  return Object.fromEntries(changed.map((key) => [key, config[key]]));
}

test('an empty file and an empty table mean the documented defaults', () => {
  for (const value of [null, {}]) assert.equal(changes(value), {});
  const { maxRuns, maxJobs, timeoutMs, evalTimeoutMs, evalMemoryBytes, logLimitBytes, replace } =
    defaultConfig();
  assert.is(maxRuns, 1);
  assert.is(maxJobs, availableParallelism());
  assert.is(timeoutMs, 3_600_000);
  assert.is(evalTimeoutMs, 10_000);
  assert.is(evalMemoryBytes, 268_435_456);
  assert.is(logLimitBytes, 268_435_456);
  assert.is(replace, true);
});

const secret = (name: string, source: Config['secrets'][number]['source'], refs: string[] | null = null) => ({
  secrets: [{ name, source, refs }],
});

const good: [value: Plain, changes: Partial<Config>][] = [
  [{ secrets: { a: 'hunter22' } }, secret('a', { from: 'text', text: 'hunter22' })],
  [{ secrets: { a: { file: '/s/a' } } }, secret('a', { from: 'file', path: '/s/a' })],
  [{ secrets: { a: { file: 'a' } } }, secret('a', { from: 'file', path: '/data/quire/a' })],
  [{ secrets: { a: { env: 'A' } } }, secret('a', { from: 'environment', variable: 'A' })],
  [
    { secrets: { a: { value: 'hunter22', refs: ['refs/heads/main'] } } },
    secret('a', { from: 'text', text: 'hunter22' }, ['refs/heads/main']),
  ],
  [
    { secrets: { a: { value: { file: '/s/a' }, refs: ['refs/heads/main'] } } },
    secret('a', { from: 'file', path: '/s/a' }, ['refs/heads/main']),
  ],
  [
    { secrets: { a: { env: 'A', refs: ['refs/tags/*'] } } },
    secret('a', { from: 'environment', variable: 'A' }, ['refs/tags/*']),
  ],
  [{ executor: 'docker' }, { executor: 'docker' }],
  [
    { docker: { bin: 'podman', image: 'x', cpus: 2, memory: '2g', network: 'none', volumes: ['/a:/b'] } },
    { docker: { bin: 'podman', image: 'x', cpus: 2, memory: '2g', network: 'none', volumes: ['/a:/b'] } },
  ],
  [{ docker: { cpus: new LuaFloat(1.5) } }, { docker: { ...defaultConfig().docker, cpus: 1.5 } }],
  [
    { 'max-runs': 3, 'max-jobs': 0 },
    { maxRuns: 3, maxJobs: 0 },
  ],
  [
    { 'fail-fast': true, replace: false },
    { failFast: true, replace: false },
  ],
  [
    { timeout: '1h30m', 'eval-timeout': 2 },
    { timeoutMs: 5_400_000, evalTimeoutMs: 2000 },
  ],
  [{ 'eval-timeout': new LuaFloat(0.5) }, { evalTimeoutMs: 500 }],
  [
    { 'eval-memory': '64m', 'log-limit': 1000 },
    { evalMemoryBytes: 67_108_864, logLimitBytes: 1000 },
  ],
  [{ 'eval-memory': '1 GiB' }, { evalMemoryBytes: 1_073_741_824 }],
  [{ path: '/bin' }, { path: '/bin' }],
  [{ env: { A: 'b', N: 8080 } }, { env: { A: 'b', N: '8080' } }],
  [{ 'pass-env': ['SSH_AUTH_SOCK'] }, { passEnv: ['SSH_AUTH_SOCK'] }],
  [
    { site: { url: 'https://x/', title: 't', dir: 'www' } },
    { site: { url: 'https://x/', title: 't', dir: '/data/quire/www' } },
  ],
  [
    { cleanup: { keep: 10, 'older-than': '30d', 'keep-failed': 0 } },
    { cleanup: { keep: 10, olderThanMs: 2_592_000_000, keepFailed: 0 } },
  ],
  [{ mirrors: { '/backup.git': false } }, { mirrors: [{ url: '/backup.git', secret: null }] }],
  [{ mirrors: ['/backup.git'] }, { mirrors: [{ url: '/backup.git', secret: null }] }],
];
for (const [value, expected] of good)
  test(JSON.stringify(value), () => assert.equal(changes(value), expected));

test('a mirror names a secret', () => {
  const { config, warnings } = check({ secrets: { token: 'hunter22' }, mirrors: { 'https://x': 'token' } });
  assert.equal(config.mirrors, [{ url: 'https://x', secret: 'token' }]);
  assert.equal(warnings, []);
  const unknown = check({ secrets: { token: 'hunter22' }, mirrors: { 'https://x': 'tokn' } });
  assert.is(unknown.warnings[0]?.code, 'unknown-secret');
  assert.match(unknown.warnings[0]?.hint ?? '', "'token'");
});

const wrong: [value: Plain, key: string, line: number][] = [
  ['text', 'one table', 1],
  [['a'], 'one table', 1],
  [{ 'max-runs': '1' }, ':max-runs', 2],
  [{ 'max-runs': 0 }, ':max-runs', 2],
  [{ 'max-jobs': -1 }, ':max-jobs', 2],
  [{ 'max-jobs': new LuaFloat(1.5) }, ':max-jobs', 2],
  [{ 'fail-fast': 'yes' }, ':fail-fast', 2],
  [{ timeout: 'soon' }, ':timeout', 2],
  [{ timeout: 0 }, ':timeout', 2],
  [{ timeout: '1m1m' }, ':timeout', 2],
  [{ timeout: '1s1h' }, ':timeout', 2],
  [{ timeout: 1e300 }, ':timeout', 2],
  [{ timeout: true }, ':timeout', 2],
  [{ 'eval-memory': 'much' }, ':eval-memory', 2],
  [{ 'log-limit': 0 }, ':log-limit', 2],
  [{ docker: 'podman' }, ':docker', 2],
  [{ docker: { cpus: 'two' } }, ':docker :cpus', 3],
  [{ docker: { volumes: [1] } }, ':docker :volumes', 3],
  [{ env: { 'a b': 'c' } }, ':env', 2],
  [{ env: { QUIRE_RUN_ID: 'c' } }, ':env', 2],
  [{ env: { A: true } }, ':env', 2],
  [{ 'pass-env': ['a b'] }, ':pass-env', 2],
  [{ path: '' }, ':path', 2],
  [{ site: { url: 1 } }, ':site :url', 3],
  [{ cleanup: { 'older-than': 'never' } }, ':cleanup :older-than', 3],
  [{ secrets: { a: 1 } }, ':secrets :a', 3],
  [{ secrets: { a: {} } }, ':secrets :a', 3],
  [{ secrets: { a: { file: 'x', env: 'Y' } } }, ':secrets :a', 3],
  [{ secrets: { a: { value: 1 } } }, ':secrets :a :value', 4],
  [{ secrets: { a: { value: 'x', refs: 'main' } } }, ':secrets :a :refs', 4],
  [{ secrets: { 'a b': 1 } }, '"a b"', 3],
  [{ mirrors: 'x' }, ':mirrors', 2],
  [{ mirrors: { x: 1 } }, ':mirrors :x', 3],
];
for (const [value, key, line] of wrong) {
  test(`wrong: ${JSON.stringify(value)}`, () => {
    const { errors, warnings } = check(value);
    assert.is(errors.length, 1);
    assert.is(errors[0]?.code, 'wrong-type');
    assert.match(errors[0]?.message ?? '', key);
    assert.is(errors[0]?.span?.file, 'config.fnl');
    assert.is(errors[0]?.span?.start.line, line);
    assert.equal(warnings, []);
  });
}

test('a secret whose refs can not be read is given to nobody', () => {
  assert.equal(check({ secrets: { a: { value: 'hunter22', refs: 1 } } }).config.secrets, []);
});

const unknown: [value: Plain, near: string, line: number][] = [
  [{ 'max-run': 1 }, ':max-runs', 2],
  [{ docker: { cpu: 1 } }, ':cpus', 3],
  [{ site: { tittle: 'x' } }, ':title', 3],
  [{ cleanup: { kept: 1 } }, ':keep', 3],
  [{ secrets: { a: { file: '/x', ref: ['y'] } } }, ':refs', 4],
];
for (const [value, near, line] of unknown) {
  test(`unknown key: ${JSON.stringify(value)}`, () => {
    const { errors, warnings } = check(value);
    assert.equal(errors, []);
    assert.equal(
      warnings.map(({ code, span }) => [code, span?.start.line]),
      [['unknown-key', line]],
    );
    assert.match(warnings[0]?.hint ?? '', `did you mean ${near}?`);
  });
}

test('no message shows a secret', () => {
  const { errors, warnings } = check({
    secrets: { a: { value: 'hunter22', refs: 1 }, b: { text: 'hunter22' } },
  });
  assert.not.match(JSON.stringify([errors, warnings]), 'hunter22');
});

test.run();
