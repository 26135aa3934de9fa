/** `quire watch` in a real work tree, not on a terminal. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge, until } from '../rig/forge.ts';
import { Talker } from './talker.ts';

const test = suite('cli/watch');

const pipeline = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :a [:quire/push] (fn [{: sh! : write-file}] (write-file "made.txt" (tostring (os.clock))) (sh! ${JSON.stringify(command)})))\n`;

/** A watch of a commit with one job, once it waits. */
async function watching(f: Forge, command: string): Promise<Talker> {
  f.write('a.txt', 'one');
  f.commit(pipeline(command));
  return new Talker(f, f.work, 'watch');
}

test(
  'runs at once and on each save, never for what the jobs write; ^C is exit 130',
  forge(async (f) => {
    const talker = await watching(f, 'cat a.txt; date +%N > stamp; echo; echo x >> all');
    await talker.hears('waiting for changes');
    assert.match(talker.said(), /^one$/m);
    for (const [at, text] of ['two', 'three', 'four'].entries()) {
      f.write('a.txt', text);
      await talker.hears(`\n${text}\n`);
      await talker.hears('waiting for changes', at + 2);
    }
    assert.is(await talker.stop(), 130);
    assert.is(fs.readFileSync(join(f.work, 'all'), 'utf8'), 'x\n'.repeat(4));
  }),
);

test(
  'a save during a run ends it, daemons too, and starts anew',
  forge(async (f) => {
    const talker = await watching(f, 'cat a.txt; echo; setsid sleep 614 & sleep 615');
    await talker.hears('\none\n');
    const old = await until('the sleepers', () => {
      const found = f.processes().filter(({ command }) => /^sleep 61[45]/.test(command));
      return found.length === 2 ? found.map(({ pid }) => pid) : null;
    });
    f.write('a.txt', 'two');
    await talker.hears('\ntwo\n');
    const left = f.processes().filter(({ pid }) => old.includes(pid));
    assert.equal(left, []);
    assert.is(await talker.stop('SIGTERM'), 130);
    await until('every process to end', () => f.processes().length === 0);
  }),
);

test(
  'an invalid pipeline shows its faults and waits; mended, it runs',
  forge(async (f) => {
    const talker = await watching(f, 'echo good');
    await talker.hears('waiting for changes');
    f.write('.quire/ci.fnl', '(local ci (require :quire.ci))\n(ci.job :a [] (fn []))\n');
    await talker.hears('.quire/ci.fnl:2:');
    await talker.hears('waiting for changes', 2);
    f.write('.quire/ci.fnl', pipeline('echo better'));
    await talker.hears('\nbetter\n');
    assert.is(await talker.stop(), 130);
  }),
);

test(
  'what only another command line can mend is exit 2 at once; settings can be mended while it waits',
  forge(async (f) => {
    f.commit(pipeline('echo good'));
    const wrong: [words: string[], said: RegExp][] = [
      [['--variable', 'x'], /--variable x: /],
      [['--executor', 'dokcer'], /Did you mean 'docker'\?/],
    ];
    for (const [words, said] of wrong) {
      const ended = f.quireIn(f.work, {}, 'watch', ...words);
      assert.is(ended.code, 2, ended.err);
      assert.match(ended.err, said);
    }
    const settings = join(f.home, '.config/quire/config.fnl');
    fs.mkdirSync(join(settings, '..'), { recursive: true });
    for (const faulty of ['{:secrets 7}', '{:executor "dokcer"}']) {
      fs.writeFileSync(settings, faulty);
      const talker = new Talker(f, f.work, 'watch');
      await talker.hears('your settings have faults');
      await talker.hears('waiting for changes');
      assert.is(await talker.stop(), 130);
    }
  }),
);

test.run();
