/**
 * What the compiler costs: its loading beside a bare Node, programs of 40 and 2,000 lines beside an empty one.
 *
 * node --import tsx test/bench/fennel.ts
 * Cold figures are those of a process that compiles one program, as the hook does, from one bundle with code
 * cache; warm ones are those of a process that has compiled for a while.
 * Must not know: how the compiler works. Prints figures, asserts nothing; only ratios carry over to another machine.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { Evaluator } from '../../lib/evaluate/evaluator.ts';
import { compile } from '../../lib/fennel/fennel.ts';
import { Meter } from '../../lib/lua/vm.ts';

const root = fs.mkdtempSync(join(tmpdir(), 'quire-bench-'));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const shown = (ms: number): string => `${ms.toFixed(2)} ms`.padStart(11);

/** A pipeline as people write it. */
const pipeline = `(local ci (require :quire.ci))
(local {: mirror} (require :quire.stdlib))

(local branches {:main true :release true})

(fn release? [push]
  "Tags and the main branch are released."
  (or push.tag (. branches push.branch)))

(ci.image "node:22")

(ci.job :deps [:quire/push]
  (fn [{: sh}]
    (sh "npm ci --no-audit")))

(ci.job :lint [:deps]
  (fn [{: sh}]
    (sh ["npm" "run" "lint"])))

(each [_ name (ipairs [:unit :browser :contract])]
  (ci.job (.. "test-" name) [:deps]
    (fn [{: sh : log}]
      (let [{: exit : stdout} (sh (.. "npm run test:" name) {:timeout "5m"})]
        (when (not= exit 0)
          (log (.. name " failed"))
          (error stdout))
        {:suite name :passed (= exit 0)}))))

(ci.job :report {:inputs [:test-unit :lint]
                 :always true
                 :run (fn [{: sh : jobs}]
                        (case (jobs :test-unit)
                          {:passed true} (sh "./report ok")
                          _ (sh "./report failed")))})

(ci.job :release [:test-unit :test-browser]
  (fn [{: sh : jobs}]
    (when (release? (jobs :quire/push))
      (sh "npm publish"))))`;

/** 2,000 lines as a program would write them: the same jobs for many parts of a project. */
const generated = Array.from({ length: 51 }, (_, i) =>
  pipeline.replaceAll(':test', `:part-${i}-test`).replaceAll('release?', `release-${i}?`),
).join('\n');

/** As many lines with more in each: destructuring, loops, patterns. */
const dense = Array.from(
  { length: 222 },
  (_, i) => `(fn job-${i} [{: sh : env} name ?opt]
  (let [dir (.. "build/" name) out (or ?opt {:n ${i} :list [1 2 3]})]
    (each [k v (pairs out)]
      (when (not= k :list) (sh (.. "make " k "=" (tostring v) " -C " dir))))
    (case (sh ["git" "status"])
      {:exit 0 :stdout s} (values true s)
      {:exit code} (error (.. "failed with " code))
      _ nil)))
(local result-${i} (icollect [_ x (ipairs [1 2 3])] (* x ${i})))`,
).join('\n');

const macroHeavy = `(macro unless [c ...] \`(if (not ,c) (do ,...)))
(macro swap [a b] \`(let [x# ,a] (set ,a ,b) (set ,b x#)))
(var (p q) (values 1 2))
${Array.from({ length: 200 }, (_, i) => `(unless (= p ${i}) (swap p q))`).join('\n')}`;

const programs = { empty: '', pipeline, generated, dense };

/** Runs a script in a process of its own, from a bundle with code cache; gives the numbers it prints. */
function cold(name: string, work: string): () => readonly number[] {
  const entry = join(root, `${name}.ts`);
  const bundle = join(root, `${name}.cjs`);
  const door = resolve('lib/fennel/fennel.ts');
  fs.writeFileSync(entry, `import { compile } from ${JSON.stringify(door)};\n${work}`);
  buildSync({ entryPoints: [entry], outfile: bundle, bundle: true, platform: 'node', format: 'cjs' });
  const starter = join(root, `${name}-start.cjs`);
  fs.writeFileSync(
    starter,
    `const started = performance.now();
const { readFileSync, writeFileSync, existsSync } = require('node:fs');
const { Script } = require('node:vm');
const cache = ${JSON.stringify(`${bundle}.cache`)};
const text = '(function (require, started) {' + readFileSync(${JSON.stringify(bundle)}, 'utf8') + '})';
const known = existsSync(cache) ? readFileSync(cache) : undefined;
const script = new Script(text, { filename: ${JSON.stringify(bundle)}, cachedData: known });
script.runInThisContext()(require, started);
if (known === undefined) writeFileSync(cache, script.createCachedData());`,
  );
  const environment = { ...process.env };
  delete environment.NODE_EXTRA_CA_CERTS;
  return () =>
    execFileSync(process.execPath, [starter], { env: environment, encoding: 'utf8' })
      .trim()
      .split(' ')
      .map(Number);
}

const rounds = 15;

function medianOf(run: () => readonly number[], column: number): number {
  run();
  return median(Array.from({ length: rounds }, () => run()[column] ?? 0));
}

/** The columns: when the compiler was there, then the time of each program. */
const timing = (texts: readonly string[]): string => `
const times = [performance.now() - started];
for (const text of ${JSON.stringify(texts)}) {
  const start = performance.now();
  compile({ name: 'ci.fnl', text });
  times.push(performance.now() - start);
}
console.log(times.join(' '));`;

const both = cold('pipeline', timing([programs.empty, programs.pipeline]));
const load = medianOf(both, 0);
const empty = medianOf(both, 1);
const forty = medianOf(both, 2);
const large = medianOf(cold('generated', timing([programs.empty, programs.generated])), 2);

console.log(`cold, one program a process, medians of ${rounds}`);
console.log(`  load the compiler above bare Node ${shown(load)}`);
console.log(`  an empty file                     ${shown(empty)}`);
console.log(
  `  a pipeline of 40 lines            ${shown(forty)}   ${shown(forty - empty)} above an empty one`,
);
console.log(
  `  2,000 generated lines             ${shown(large)}   ${(large / forty).toFixed(1)} times the 40`,
);

function warm(text: string): number {
  const times = Array.from({ length: 60 }, () => {
    const start = performance.now();
    compile({ name: 'ci.fnl', text });
    return performance.now() - start;
  });
  return median(times.slice(20));
}

console.log('warm, the same process again and again');
for (const [name, text] of Object.entries(programs)) console.log(`  ${name.padEnd(33)} ${shown(warm(text))}`);

const meter = new Meter({ timeMs: 60_000, memoryBytes: 2 ** 28, clock: () => performance.now() });
const evaluator = new Evaluator({ meter, tree: { read: () => null } });
const start = performance.now();
evaluator.compile('ci.fnl', macroHeavy);
console.log(`400 macro calls, with the VM they run in, once: ${shown(performance.now() - start)}`);

fs.rmSync(root, { recursive: true });
