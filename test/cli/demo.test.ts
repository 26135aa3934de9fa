/** `quire demo`, started as people start it. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forge } from '../rig/forge.ts';
import { Talker } from './talker.ts';

const test = suite('cli/demo');

test(
  'a push that succeeds, one that fails, and a site',
  forge((f) => {
    const said = f.quireIn(f.home, {}, 'demo', '--keep', join(f.home, 'demo'));
    assert.is(said.code, 0, said.err);
    assert.match(said.out, /complete: every job is done/);
    assert.match(said.out, /The site/);
  }),
);

for (const moment of ['A bare repository', 'Next: push', 'git push', 'remote:', 'complete: ']) {
  test(
    `^C after '${moment}' is exit 130`,
    forge(async (f) => {
      const talker = new Talker(f, f.home, 'demo', '--keep', join(f.home, 'demo'));
      await talker.hears(moment);
      assert.is(await talker.stop(), 130, talker.said());
      assert.not.match(talker.said(), /^quire: /m);
    }),
  );
}

test.run();
