/**
 * Runs every test file in a process of its own, as many at a time as there are processors.
 *
 * Prints a line a file, the whole output of those that failed, each line that says what was skipped, and the sum.
 * usage: node test/run.mjs [PART-OF-PATH …]
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..');
const wanted = process.argv.slice(2);
const limit = 10 * 60_000;

const files = readdirSync(here, { recursive: true })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => relative(root, join(here, name)))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();

const sum = { passed: 0, failed: 0, skipped: 0 };

function runFile(file) {
  return new Promise((resolve) => {
    const began = Date.now();
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      report(
        file,
        Buffer.concat(chunks).toString(),
        code === 0 ? null : (signal ?? code),
        Date.now() - began,
      );
      resolve();
    });
  });
}

function report(file, output, trouble, took) {
  const counted = (word) =>
    [...output.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'gm'))].reduce((n, m) => n + Number(m[1]), 0);
  const total = counted('Total');
  const passed = counted('Passed');
  const skipped = counted('Skipped');
  // A file that dies before its sum, or holds no test, has failed: silence must not pass.
  const failed =
    trouble === null && total > 0 ? total - passed - skipped : Math.max(1, total - passed - skipped);
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
  const said = output.split('\n').filter((line) => /^\s*skipped: /.test(line));
  console.log(
    `${failed === 0 ? 'ok  ' : 'FAIL'} ${file} (${passed}/${total}, ${(took / 1000).toFixed(1)} s)`,
  );
  for (const line of said) console.log(`     ${line.trim()}`);
  if (failed > 0) console.log(`${output}\n     ${file} ended with ${trouble ?? 'no test'}`);
}

const waiting = [...files];
async function work() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file);
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
