/** Cleanup beside a runner that works: nothing that waits, runs or is newest is lost. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bin, forge } from '../rig/forge.ts';

const test = suite('cleanup/beside');

const pipeline = `(local ci (require :quire.ci))
(ci.job :build [:quire/push] (fn [{: sh}] (sh "echo built")))`;

test(
  'pushes to several refs while cleanup runs over and over',
  forge(async (f) => {
    f.install('{:replace false}');
    let rounds = 0;
    let stop = false;
    const failures: string[] = [];
    const cleaning = (async () => {
      while (!stop) {
        const child = spawn(process.execPath, [bin, 'cleanup', '--keep', '1'], { cwd: f.repo, env: f.env });
        let said = '';
        child.stderr.on('data', (chunk) => {
          said += chunk;
        });
        const code = await new Promise((ended) => child.on('close', ended));
        if (code !== 0) failures.push(`${code}: ${said}`);
        rounds += 1;
      }
    })();
    for (let n = 0; n < 4; n += 1) {
      f.commit(`${pipeline} ; ${n}`, `commit ${n}`);
      f.push('main', `main:branch-${n % 2}`);
    }
    const last = f.run(8);
    await (await last).settled();
    assert.is(f.quire('drain').code, 0);
    stop = true;
    await cleaning;
    assert.equal(failures, []);
    assert.ok(rounds > 0);
    assert.is(f.quire('cleanup', '--keep', '1').code, 0);
    const left = f.runs();
    assert.equal(
      left.map((run) => [run.meta().ref, run.state()]),
      ['refs/heads/branch-0', 'refs/heads/branch-1', 'refs/heads/main'].map((ref) => [ref, 'complete']),
    );
    const strays = fs
      .readdirSync(join(f.data, 'runs'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\/\.(gone|bad|tmp)-/.test(path));
    assert.equal(strays, []);
    assert.equal(fs.readdirSync(join(f.data, 'site/runs')).sort(), left.map((run) => run.id).sort());
    assert.is(f.quire('list', '--json').code, 0);
  }),
);

test.run();
