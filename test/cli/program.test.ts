/** The program as a shell sees it: exit codes, streams, colours, a reader that goes away. */
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore, prepareStore } from '../../lib/store/store.ts';
import { type Sandbox, withSandbox } from '../git/sandbox.ts';
import { recording, root } from '../rig/context.ts';
import { finished } from '../rig/finished.ts';
import { good } from '../store/place.ts';

const test = suite('cli/program');

const bin = join(root, 'bin/quire');

const plain = { PATH: process.env.PATH, HOME: '/nonexistent' };

const quire = (cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [bin, ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...plain, ...env },
  });

const usage: [words: string[], code: number, said: RegExp][] = [
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  [['--help'], 0, /Usage: quire/],
  [['list', '--help'], 0, /--state/],
  [[], 2, /Usage: quire/],
  [['lst'], 2, /^quire: unknown command 'lst'\n.*list/],
  [['list', '--stat', 'x'], 2, /^quire: unknown option '--stat'/],
  [['list', '--state', 'done'], 2, /pending, active, complete/],
  [['list', '-n', 'many'], 2, /whole number/],
  [['cleanup', '--older-than', 'soon'], 2, /duration such as/],
  [['show'], 2, /^quire: missing required argument 'run'/],
  [['ci', 'validte'], 2, /validate/],
  [['--repo', '/nonexistent', 'list'], 2, /^quire: .*\n {7}/],
  [['list', '--repo', '/nonexistent'], 2, /^quire: /],
];
for (const [words, code, said] of usage) {
  test(`quire ${words.join(' ')} -> ${code}`, () => {
    const ended = quire('/', words);
    assert.is(ended.status, code, ended.stderr);
    assert.match(code === 0 ? ended.stdout : ended.stderr, said);
    assert.is(code === 0 ? ended.stderr : ended.stdout, '');
    assert.not.match(ended.stderr, /\n {4}at /, 'no stack trace');
  });
}

const withRun = (body: (box: Sandbox) => void | Promise<void>) =>
  withSandbox(async (box) => {
    const store = openStore(join(box.bare, 'quire'));
    good(prepareStore(store));
    await finished(store, 1, { logs: { build: 'x'.repeat(99).concat('\n').repeat(20_000) } });
    await body(box);
  });

test(
  'colours follow the environment and --no-color',
  withRun((box) => {
    const sequence = '\u001b[';
    const coloured = (words: string[], env: NodeJS.ProcessEnv = {}): boolean =>
      quire(box.bare, words, env).stdout.includes(sequence);
    assert.is(coloured(['list']), false);
    assert.is(coloured(['list'], { FORCE_COLOR: '1' }), true);
    assert.is(coloured(['--no-color', 'list'], { FORCE_COLOR: '1' }), false);
    assert.is(coloured(['list', '--no-color'], { FORCE_COLOR: '1' }), false);
    assert.is(coloured(['list'], { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  }),
);

test(
  'everything that was written arrives, however slow the reader',
  withRun((box) => {
    const slow = spawnSync(
      'sh',
      ['-c', '"$1" "$2" logs 1 build | { sleep 0.3; wc -c; }', 'sh', process.execPath, bin],
      {
        cwd: box.bare,
        encoding: 'utf8',
        env: plain,
      },
    );
    assert.is(Number(slow.stdout), '$ make build\n'.length + 2_000_000);
  }),
);

test(
  'a reader that goes away ends the program quietly',
  withRun((box) => {
    const piped = spawnSync('sh', ['-c', '"$1" "$2" logs 1 | head -n 2', 'sh', process.execPath, bin], {
      cwd: box.bare,
      encoding: 'utf8',
      env: plain,
      timeout: 20_000,
    });
    assert.is(piped.stdout.split('\n').length, 3);
    assert.is(piped.stderr, '');
  }),
);

test(
  'a full disk under the output is said and is exit 3, whatever the command found',
  withRun((box) => {
    box.write('.quire/ci.fnl', '(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn []))\n');
    const commands: [cwd: string, words: string[]][] = [
      ['/', ['--help']],
      [box.bare, ['list', '--json']],
      [box.bare, ['show', '1']],
      [box.bare, ['logs', '1', 'build', '--raw']],
      [box.work, ['ci', 'compile', '.quire/ci.fnl']],
      [box.work, ['ci', 'run']],
      [box.work, ['ci', 'run', '--events', 'stdout']],
    ];
    for (const [cwd, words] of commands) {
      const ended = spawnSync('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, bin, ...words], {
        cwd,
        encoding: 'utf8',
        env: { ...plain, XDG_CACHE_HOME: join(box.directory, 'cache') },
      });
      assert.is(ended.status, 3, `${words.join(' ')}: ${ended.stderr}`);
      const said = ended.stderr.match(/^quire: could not write to standard output: ENOSPC$/gm);
      assert.is(said?.length, 1, `${words.join(' ')}: ${ended.stderr}`);
      assert.not.match(ended.stderr, /\n {4}at /, 'no stack trace');
    }
  }),
);

test(
  '^C ends a command that only waits',
  withRun(async (box) => {
    const store = openStore(join(box.bare, 'quire'));
    const [name] = fs.readdirSync(join(store.root, 'runs/complete'));
    if (name === undefined) throw new Error('no run');
    // The run is made to look active again: following it has no end of its own.
    fs.renameSync(join(store.root, 'runs/complete', name), join(store.root, 'runs/active', name));
    const child = spawn(process.execPath, [bin, 'logs', name, '-f'], {
      cwd: box.bare,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise((heard) => child.stdout.once('data', heard));
    child.stdout.resume();
    child.kill('SIGINT');
    const [code, signal] = await new Promise<[number | null, string | null]>((ended) =>
      child.on('close', (...how) => ended(how)),
    );
    assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
  }),
);

test('the installation of this checkout has everything that a context names', () => {
  const { hook, templates, assets, bin: program } = recording().installation;
  for (const path of [hook, templates, assets, program]) assert.ok(fs.existsSync(path), path);
});

test.run();
