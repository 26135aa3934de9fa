/**
 * What a compiler and a linter can tell is told before anything runs.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('..', import.meta.url));
const test = suite('types');

function passes(program: string, ...args: string[]): void {
  const path = join(root, 'node_modules', '.bin', program);
  const said = spawnSync(path, args, { cwd: root, encoding: 'utf8', timeout: 120_000 });
  assert.is(said.status, 0, `${program} ${args.join(' ')}:\n${said.stdout}${said.stderr}${said.error ?? ''}`);
}

test('every type fits', () => passes('tsc', '--noEmit'));
test('format and lint', () => passes('biome', 'check', '.'));

test.run();
