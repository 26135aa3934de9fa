/** Cleanup on a real container engine: orphans and the images of removed runs go, everything else stays. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { carryOut, planCleanup, type World } from '../../lib/cleanup/cleanup.ts';
import { identityText, self } from '../../lib/process/process.ts';
import { stateOfRun } from '../../lib/store/store.ts';
import { dockerRig } from '../rig/docker.ts';
import { finished } from '../rig/finished.ts';
import { good, withStore } from '../store/place.ts';

const test = suite('cleanup/engine');

const options = { forgetPages: async () => null, signal: new AbortController().signal };

test(
  'removes orphaned containers and the images of removed runs, and no others',
  withStore(async ({ store }) => {
    const rig = await dockerRig();
    if (rig === null) return;
    const tag = `quire-ci/rocket:cleanup-${process.pid}`;
    const old = await finished(store, 1, { image: tag });
    await finished(store, 2, { image: rig.image });
    await finished(store, 3);
    rig.docker('tag', rig.image, tag);
    const contain = (run: string, repo: string, owner: string): string =>
      rig
        .docker(
          'create',
          '--network=none',
          '--label',
          `quire.run=${run}`,
          '--label',
          `quire.repo=${repo}`,
          '--label',
          `quire.owner=${owner}`,
          rig.image,
          'true',
        )
        .trim();
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const orphan = contain(old, store.root, `${dead}/1/gone`);
    const owned = contain(old, store.root, identityText(self()));
    const foreign = contain(old, join(store.root, 'other'), `${dead}/1/gone`);
    try {
      const world: World = {
        store,
        limits: { keep: 1, olderThanMs: null, keepFailed: null },
        now: store.clock(),
        pages: null,
        engine: { dataDirectory: store.root, docker: {}, toolEnv: rig.env },
        usesEngine: true,
      };
      const plan = good(await planCleanup(world));
      assert.equal(
        plan.items.map((item) => (item.kind === 'container' ? item.leftover.id : item.kind)),
        ['run', 'run', orphan],
      );
      assert.equal((await carryOut(world, plan, options)).troubles, []);
      const left = rig.docker('ps', '--all', '--quiet', '--no-trunc').split('\n');
      assert.equal(
        [orphan, owned, foreign].map((id) => left.includes(id)),
        [false, true, true],
      );
      assert.is(rig.docker('images', '--quiet', tag).trim(), '');
      assert.is.not(
        rig.docker('images', '--quiet', rig.image).trim(),
        '',
        'an image that was only used stays',
      );
      assert.is(stateOfRun(store, old), null);
    } finally {
      rig.docker('rm', '--force', owned, foreign);
    }
  }),
);

test(
  'an engine that does not answer keeps a run whose image it holds, and only that',
  withStore(async ({ store }) => {
    const [imaged, plain] = [
      await finished(store, 1, { image: 'quire-ci/rocket:x' }),
      await finished(store, 2),
    ];
    await finished(store, 3);
    const world: World = {
      store,
      limits: { keep: 1, olderThanMs: null, keepFailed: null },
      now: store.clock(),
      pages: null,
      engine: { dataDirectory: store.root, docker: { bin: '/nonexistent/docker' }, toolEnv: {} },
      usesEngine: false,
    };
    const done = await carryOut(world, good(await planCleanup(world)), options);
    assert.match(done.troubles.join('\n'), /^run 1 stays: /);
    assert.is(stateOfRun(store, imaged), 'complete');
    assert.is(stateOfRun(store, plain), null);
    const asked = await planCleanup({ ...world, usesEngine: true });
    assert.is(asked.ok ? 'ok' : asked.error.reason, 'engine');
  }),
);

test.run();
