import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findRepository,
  gitVersion,
  hooksOf,
  isTrue,
  readConfig,
  setConfig,
  sharingOf,
} from '../../lib/git/git.ts';
import { reasonOf, the, withSandbox } from './sandbox.ts';

const test = suite('git/repository');

test(
  'the repository a directory is, or is in',
  withSandbox(async (box) => {
    const deep = join(box.work, 'deep/er');
    mkdirSync(deep, { recursive: true });
    const link = join(box.directory, 'link');
    symlinkSync(deep, link);
    const bare = { gitDir: box.bare, bare: true, top: null };
    const work = { gitDir: join(box.work, '.git'), bare: false, top: box.work };
    assert.equal(the(await findRepository(box.bare)), bare);
    assert.equal(the(await findRepository(join(box.bare, 'refs'))), bare);
    assert.equal(the(await findRepository(box.work)), work);
    assert.equal(the(await findRepository(deep)), work);
    assert.equal(the(await findRepository(link)), work);
    assert.equal(the(await findRepository(join(box.work, '.git'))), { ...work, top: null });
    box.commit('first');
    box.git(['worktree', 'add', '-q', join(box.directory, 'second')]);
    const second = the(await findRepository(join(box.directory, 'second')));
    assert.is(second.top, join(box.directory, 'second'));
    assert.is(reasonOf(await findRepository(box.directory)), 'not-a-repository');
    assert.is(reasonOf(await findRepository(join(box.directory, 'nowhere'))), 'not-a-repository');
  }),
);

test(
  'settings are read, set and removed',
  withSandbox(async (box) => {
    const get = async (key: string): Promise<string | null> => the(await readConfig(box.bare)).get(key);
    assert.is(await get('quire.dir'), null);
    the(await setConfig(box.bare, 'quire.dir', 'two\nlines = "x"'));
    assert.is(await get('quire.dir'), 'two\nlines = "x"');
    the(await setConfig(box.bare, 'core.fsync', 'loose-object,reference'));
    assert.is(await get('core.fsync'), 'loose-object,reference');
    assert.is(await get('Core.FSYNC'), 'loose-object,reference');
    box.git(['config', '--add', 'quire.dir', 'second'], { cwd: box.bare });
    assert.is(await get('quire.dir'), 'second');
    the(await setConfig(box.bare, 'quire.dir', null));
    the(await setConfig(box.bare, 'quire.dir', null));
    assert.is(await get('quire.dir'), null);
    box.git(['config', 'url.https://x/ALIAS.insteadOf', 'y'], { cwd: box.bare });
    assert.is(await get('url.https://x/ALIAS.insteadof'), 'y');
    assert.is(reasonOf(await setConfig(box.bare, 'no-section', 'x')), 'failed');
  }),
);

test(
  'where git looks for hooks',
  withSandbox(async (box) => {
    const hooks = async () => hooksOf(box.bare, the(await readConfig(box.bare)), '/home/me');
    assert.equal(await hooks(), { directory: join(box.bare, 'hooks'), configured: false });
    for (const [value, directory] of [
      ['/srv/hooks', '/srv/hooks'],
      ['shared', join(box.bare, 'shared')],
      ['~/hooks', '/home/me/hooks'],
    ] as const) {
      the(await setConfig(box.bare, 'core.hooksPath', value));
      assert.equal(await hooks(), { directory, configured: true });
    }
  }),
);

test(
  'who may read what git writes',
  withSandbox(async (box) => {
    const sharing = async () => sharingOf(the(await readConfig(box.bare)));
    assert.is(await sharing(), 'umask');
    const modes: [value: string, sharing: unknown][] = [
      ['group', 'group'],
      ['true', 'group'],
      ['all', 'everybody'],
      ['0640', { mode: 0o640 }],
      ['umask', 'umask'],
      ['false', 'umask'],
    ];
    for (const [value, expected] of modes) {
      box.git(['config', 'core.sharedRepository', value], { cwd: box.bare });
      assert.equal(await sharing(), expected, value);
    }
  }),
);

test('what git takes for true', () => {
  for (const yes of ['true', 'YES', 'on', '1', '-2']) assert.ok(isTrue(yes), yes);
  for (const no of ['false', 'no', 'off', '0', '', 'maybe', null]) assert.not.ok(isTrue(no), String(no));
});

test('the version of git', async () => {
  assert.match(the(await gitVersion()), /^\d+\.\d+/);
});

test.run();
