/** `quire install` and `quire uninstall` on real repositories: nothing that was there is lost, twice is as good as once. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planFaults } from '../../lib/base/files.ts';
import { type InstallOptions, install } from '../../lib/cli/commands/install.ts';
import { uninstall } from '../../lib/cli/commands/uninstall.ts';
import { tryLock } from '../../lib/process/process.ts';
import { type Sandbox, withSandbox } from '../git/sandbox.ts';
import { type Recording, type RecordingOptions, recording, root } from '../rig/context.ts';

const test = suite('cli/install');

type Ended = Recording & { readonly code: number };

const run = async (
  box: Sandbox,
  options: InstallOptions = {},
  how: RecordingOptions = {},
): Promise<Ended> => {
  const context = recording({ cwd: box.directory, ...how });
  return { ...context, code: await install(context, 'repo.git', options) };
};

const takeOut = async (box: Sandbox, purge = false): Promise<Ended> => {
  const context = recording({ cwd: box.directory });
  return { ...context, code: await uninstall(context, 'repo.git', { purge }) };
};

const hook = (box: Sandbox): string => join(box.bare, 'hooks/post-receive');
const setting = (box: Sandbox, key: string): string => box.git(['config', key], { cwd: box.bare }).trim();
const mode = (path: string): string => (fs.statSync(path).mode & 0o7777).toString(8);

/** Makes a hook end after the push is in the inbox and the old hook has run: there is no Node to go on with. */
const useDeadNode = (path: string): void =>
  fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/^node=.*$/m, 'node=/nonexistent'));

/** How many pushes are in a data directory's inbox. */
const spooled = (data: string): number =>
  fs.readdirSync(join(data, 'inbox')).filter((name) => name.endsWith('.yml')).length;

/** Everything below a directory with its bytes, to compare. */
const snapshot = (directory: string): string =>
  execFileSync('sh', ['-c', 'find . -type f | sort | xargs sha256sum; find . | sort'], {
    cwd: directory,
    encoding: 'utf8',
  });

test(
  'a fresh repository gets hook, data directory, config and settings, and is told what is next',
  withSandbox(async (box) => {
    const done = await run(
      box,
      { siteUrl: 'https://ci.example.org/x/', executor: 'docker' },
      { env: { PATH: '/opt/"odd"/bin:/bin' } },
    );
    assert.is(done.code, 0, done.err());
    assert.is(mode(hook(box)), '755');
    const text = fs.readFileSync(hook(box), 'utf8');
    assert.match(text, `\nnode='${process.execPath}'\nquire='${root}/bin/quire'\n`);
    execFileSync('sh', ['-n', hook(box)]);
    assert.is(setting(box, 'receive.advertisePushOptions'), 'true');
    assert.is(setting(box, 'core.fsync'), 'loose-object,reference');
    const config = fs.readFileSync(join(box.bare, 'quire/config.fnl'), 'utf8');
    assert.match(config, '\n :path "/opt/\\"odd\\"/bin:/bin"\n');
    assert.match(config, '\n :executor "docker"\n');
    assert.match(config, '\n :site {:url "https://ci.example.org/x/"}\n');
    assert.is(mode(join(box.bare, 'quire/config.fnl')), '600');
    for (const name of ['inbox', 'runs/pending', 'work', 'lock'])
      assert.ok(fs.existsSync(join(box.bare, 'quire', name)));
    assert.match(done.out(), 'Next: push a commit');
  }),
);

test(
  'a second time changes nothing',
  withSandbox(async (box) => {
    await run(box);
    const before = snapshot(box.bare);
    const again = await run(box);
    assert.is(again.code, 0);
    assert.match(again.out(), /hook .*was there/);
    assert.is(snapshot(box.bare), before);
  }),
);

test(
  'a hook that was there is kept, runs on the same input, and comes back',
  withSandbox(async (box) => {
    const theirs = '#!/bin/sh\ncat > heard\n';
    fs.writeFileSync(hook(box), theirs, { mode: 0o755 });
    const done = await run(box);
    assert.is(done.code, 0);
    assert.match(done.out(), 'post-receive.before-quire');
    assert.is(fs.readFileSync(`${hook(box)}.before-quire`, 'utf8'), theirs);
    assert.is(mode(`${hook(box)}.before-quire`), '755');
    assert.is((await run(box)).code, 0, 'again');
    assert.is(fs.readFileSync(`${hook(box)}.before-quire`, 'utf8'), theirs);
    useDeadNode(hook(box));
    box.commit('first');
    box.git(['push', '-q', box.bare, 'main']);
    assert.match(fs.readFileSync(join(box.bare, 'heard'), 'utf8'), / refs\/heads\/main\n$/);
    assert.is(
      fs.readdirSync(join(box.bare, 'quire/inbox')).filter((name) => name.endsWith('.yml')).length,
      1,
    );
    const out = await takeOut(box);
    assert.is(out.code, 0);
    assert.is(fs.readFileSync(hook(box), 'utf8'), theirs);
    assert.not.ok(fs.existsSync(`${hook(box)}.before-quire`));
    assert.ok(fs.existsSync(join(box.bare, 'quire/runs')), 'the records stay');
  }),
);

test(
  'a hook that is a symlink is kept as one, even a dangling one',
  withSandbox(async (box) => {
    fs.symlinkSync('../elsewhere', hook(box));
    assert.is((await run(box)).code, 0);
    assert.is(fs.readlinkSync(`${hook(box)}.before-quire`), '../elsewhere');
    assert.ok(fs.lstatSync(hook(box)).isFile());
    await takeOut(box);
    assert.is(fs.readlinkSync(hook(box)), '../elsewhere');
  }),
);

test(
  'two hooks that are not ours: nothing is overwritten',
  withSandbox(async (box) => {
    fs.writeFileSync(hook(box), 'one', { mode: 0o755 });
    fs.writeFileSync(`${hook(box)}.before-quire`, 'two', { mode: 0o755 });
    const done = await run(box);
    assert.is(done.code, 2);
    assert.match(done.err(), /neither .* nor .* is quire's/);
    assert.is(fs.readFileSync(hook(box), 'utf8'), 'one');
    assert.is(fs.readFileSync(`${hook(box)}.before-quire`, 'utf8'), 'two');
    assert.match((await takeOut(box)).out(), "is not quire's, so it stays");
    assert.is(fs.readFileSync(hook(box), 'utf8'), 'one');
  }),
);

test(
  'our own hook of another installation is brought up to date, not kept as an old one',
  withSandbox(async (box) => {
    await run(box);
    fs.writeFileSync(
      hook(box),
      fs.readFileSync(hook(box), 'utf8').replace(/^quire=.*$/m, "quire='/old/quire'"),
    );
    assert.match((await run(box)).out(), /hook .*brought up to date/);
    assert.not.ok(fs.existsSync(`${hook(box)}.before-quire`));
    assert.match(fs.readFileSync(hook(box), 'utf8'), `quire='${root}/bin/quire'`);
  }),
);

test(
  'an installation in a directory with odd letters still starts',
  withSandbox(async (box) => {
    const odd = join(box.directory, `it's "odd" $(here) & there`);
    fs.mkdirSync(odd);
    for (const name of ['hooks', 'templates', 'site']) fs.symlinkSync(join(root, name), join(odd, name));
    const installation = {
      ...recording().installation,
      bin: join(odd, 'bin/quire'),
      node: join(odd, 'node'),
    };
    assert.is((await run(box, {}, { installation })).code, 0);
    const text = fs
      .readFileSync(hook(box), 'utf8')
      .replace(/^limit=[\s\S]*$/m, 'printf "%s\\n%s" "$node" "$quire"');
    assert.is(execFileSync('sh', ['-c', text], { encoding: 'utf8' }), `${odd}/node\n${odd}/bin/quire`);
  }),
);

test(
  'core.hooksPath is heeded and spoken of',
  withSandbox(async (box) => {
    box.git(['config', 'core.hooksPath', 'my-hooks'], { cwd: box.bare });
    const done = await run(box);
    assert.is(done.code, 0);
    assert.ok(fs.existsSync(join(box.bare, 'my-hooks/post-receive')));
    assert.not.ok(fs.existsSync(hook(box)));
    assert.match(done.out(), 'core.hooksPath');
    useDeadNode(join(box.bare, 'my-hooks/post-receive'));
    box.commit('first');
    box.git(['push', '-q', box.bare, 'main']);
    assert.is(spooled(join(box.bare, 'quire')), 1);
    // Another repository with the same hooks, but without quire: nothing is kept, nothing is said.
    const other = join(box.directory, 'other.git');
    box.git(['init', '-q', '--bare', other]);
    box.git(['config', 'core.hooksPath', join(box.bare, 'my-hooks')], { cwd: other });
    box.git(['push', '-q', other, 'main']);
    assert.equal(
      fs.readdirSync(other).filter((name) => name.includes('quire')),
      [],
    );
    assert.match((await takeOut(box)).out(), 'other repositories that use it lose this hook too');
    assert.not.match((await takeOut(box)).out(), 'core.hooksPath', 'nothing was there to lose');
  }),
);

test(
  'a core.hooksPath where no directory can be is named with the way out, and nothing is made',
  withSandbox(async (box) => {
    const before = fs.readdirSync(box.bare);
    for (const path of ['/dev/null', '/proc/hk', '/etc/passwd/x']) {
      box.git(['config', 'core.hooksPath', path], { cwd: box.bare });
      const done = await run(box);
      assert.is(done.code, 3);
      assert.match(done.err(), `core.hooksPath is ${path}, which is no directory`);
      assert.match(done.err(), 'config --unset core.hooksPath');
      assert.equal(fs.readdirSync(box.bare), before);
    }
  }),
);

test(
  'what git syncs already is added to',
  withSandbox(async (box) => {
    box.git(['config', 'core.fsync', 'index,-pack'], { cwd: box.bare });
    await run(box);
    assert.is(setting(box, 'core.fsync'), 'index,-pack,loose-object,reference');
    box.git(['config', 'core.fsync', 'all'], { cwd: box.bare });
    await run(box);
    assert.is(setting(box, 'core.fsync'), 'all');
  }),
);

test(
  'a hooks directory that may not be written: clear words, nothing half done',
  withSandbox(async (box) => {
    const hooks = join(box.bare, 'hooks');
    planFaults((operation, path) => (operation === 'write' && path.startsWith(hooks) ? 'EROFS' : null));
    try {
      const done = await run(box);
      assert.is(done.code, 3);
      assert.match(done.err(), /hooks may not be written, so the hook can't be installed/);
      assert.match(done.err(), 'core.hooksPath');
    } finally {
      planFaults(null);
    }
    assert.not.ok(fs.existsSync(hook(box)));
  }),
);

test(
  'an existing config is left as it is, and so it says',
  withSandbox(async (box) => {
    await run(box);
    const config = join(box.bare, 'quire/config.fnl');
    fs.writeFileSync(config, '{:max-runs 2}');
    const done = await run(box, { siteUrl: 'https://x.example/' });
    assert.match(done.out(), 'set :site in it yourself');
    assert.is(fs.readFileSync(config, 'utf8'), '{:max-runs 2}');
  }),
);

test(
  'records are as readable as the repository, whatever the umask',
  withSandbox(async (box) => {
    const before = process.umask(0);
    try {
      for (const [bits, sharing, directory] of [
        [0o700, null, '700'],
        [0o755, null, '755'],
        [0o750, null, '750'],
        [0o700, 'group', '2770'],
        [0o700, 'all', '2775'],
      ] as const) {
        for (const umask of [0, 0o077]) {
          process.umask(umask);
          fs.rmSync(join(box.bare, 'quire'), { recursive: true, force: true });
          fs.chmodSync(box.bare, bits);
          box.git(
            sharing === null ? ['config', 'core.bare', 'true'] : ['config', 'core.sharedRepository', sharing],
            { cwd: box.bare },
          );
          assert.is((await run(box)).code, 0);
          for (const name of ['', 'inbox', 'runs', 'runs/pending', 'lock'])
            assert.is(
              mode(join(box.bare, 'quire', name)),
              directory,
              `${name} with ${bits.toString(8)} ${sharing} ${umask}`,
            );
          assert.is(mode(join(box.bare, 'quire/config.fnl')), '600');
          assert.is(mode(hook(box)), '755');
        }
      }
    } finally {
      process.umask(before);
    }
  }),
);

for (const when of ['before', 'after'] as const) {
  test(
    `quire.dir moves the data directory, for the hook too, when it is set ${when} install`,
    withSandbox(async (box) => {
      const data = join(box.directory, 'data of ci');
      const move = (): string => box.git(['config', 'quire.dir', '../data of ci'], { cwd: box.bare });
      if (when === 'before') move();
      assert.is((await run(box)).code, 0);
      if (when === 'after') move();
      assert.is((await run(box)).code, 0, 'again');
      useDeadNode(hook(box));
      box.commit('first');
      box.git(['push', '-q', box.bare, 'main']);
      assert.is(spooled(data), 1);
    }),
  );
}

test(
  'what is no bare repository, a wrong URL, an unknown executor: refused, with the way out',
  withSandbox(async (box) => {
    const wrong = async (repo: string, options: InstallOptions, said: RegExp): Promise<void> => {
      const context = recording({ cwd: box.directory });
      assert.is(await install(context, repo, options), 2);
      assert.match(context.err(), said);
    };
    await wrong('work', {}, /not a bare repository/);
    await wrong('.', {}, /not in a git repository/);
    await wrong('missing', {}, /./);
    await wrong('repo.git', { siteUrl: 'javascript:alert(1)' }, /no http or https address/);
    await wrong('repo.git', { executor: 'dokcer' }, /Did you mean 'docker'/);
    assert.not.ok(fs.existsSync(join(box.bare, 'quire')));
  }),
);

test(
  'a repository of another user is refused with the command to use',
  withSandbox(async (box) => {
    if (process.getuid?.() !== 0) {
      console.log('skipped: a repository of another user (only root can make one)');
      return;
    }
    fs.chownSync(box.bare, 12345, 12345);
    const done = await run(box);
    assert.is(done.code, 2);
    assert.match(done.err(), /belongs to another user/);
    assert.match(done.err(), "sudo -u '#12345' quire");
    assert.not.ok(fs.existsSync(join(box.bare, 'quire')));
  }),
);

test(
  'purge removes what is quire’s and nothing else, and not while a runner works',
  withSandbox(async (box) => {
    await run(box);
    const data = join(box.bare, 'quire');
    const lock = tryLock(join(data, 'lock/runner'));
    if (!lock.ok) throw new Error('no lock');
    const busy = await takeOut(box, true);
    assert.is(busy.code, 3);
    assert.match(busy.err(), 'a runner is at work');
    assert.ok(fs.existsSync(join(data, 'runs')));
    lock.value.release();
    fs.writeFileSync(join(data, 'notes.txt'), 'mine');
    const kept = await takeOut(box, true);
    assert.match(kept.out(), 'it holds notes.txt');
    assert.equal(fs.readdirSync(data), ['notes.txt']);
    fs.rmSync(join(data, 'notes.txt'));
    await run(box);
    assert.match((await takeOut(box, true)).out(), `Removed ${data}`);
    assert.not.ok(fs.existsSync(data));
    assert.not.ok(fs.existsSync(hook(box)));
  }),
);

test.run();
