/**
 * What quire costs, beside what it can't cost less than: `npm run bench`.
 *
 * Whole processes, in turn, medians in milliseconds. Only the ratios carry over to another machine.
 * usage: node --import tsx test/bench/bench.ts [push|trigger|layers|jobs|commands|log]…
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bin, Forge, until } from '../rig/forge.ts';

// It adds to every start of Node, the floor's and ours alike, and says nothing about either.
delete process.env.NODE_EXTRA_CA_CERTS;

const rounds = 9;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const shown = (value: number): string => value.toFixed(value < 10 ? 1 : 0).padStart(7);

function row(what: string, value: number, note = ''): void {
  console.log(`  ${what.padEnd(58)}${shown(value)}  ${note}`);
}

const times = (value: number, floor: number): string => `${(value / floor).toFixed(2)} × the floor`;

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Each contestant once a round, so that a machine whose speed drifts treats all alike. */
async function compare<Name extends string>(
  contestants: Readonly<Record<Name, () => unknown>>,
  count = rounds,
): Promise<Record<Name, number>> {
  const names = Object.keys(contestants) as Name[];
  const measured = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < count; round += 1) {
    for (const name of names) {
      const took = await timed(contestants[name]);
      if (round >= 0) measured.get(name)?.push(took);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(measured.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

async function inForge(work: (f: Forge) => Promise<void>): Promise<void> {
  const f = new Forge();
  try {
    await work(f);
  } finally {
    await f.close();
  }
}

const oneJob = (command: string): string =>
  `(local ci (require :quire.ci))\n(ci.job :only [:quire/push] (fn [{: sh}] (sh "${command}")))\n`;

/** `git push` of an empty commit, in front of hooks that cost more and more. */
async function push(): Promise<void> {
  console.log('git push of an empty commit');
  const forges = { none: new Forge(), shell: new Forge(), node: new Forge(), quire: new Forge() };
  const hook = (f: Forge, text: string): void => {
    fs.writeFileSync(join(f.repo, 'hooks', 'post-receive'), `#!/bin/sh\ncat >/dev/null\n${text}`, {
      mode: 0o755,
    });
  };
  hook(forges.shell, '');
  hook(forges.node, `exec ${process.execPath} -e 0\n`);
  forges.quire.install();
  for (const f of Object.values(forges)) f.commit(oneJob('true'));
  const again = (f: Forge) => (): void => {
    f.push();
  };
  const commit = (): void => {
    for (const f of Object.values(forges)) f.git(f.work, 'commit', '-q', '--allow-empty', '-m', 'again');
  };
  const measured: Record<string, number[]> = { none: [], shell: [], node: [], quire: [] };
  for (let round = -2; round < 2 * rounds; round += 1) {
    commit();
    for (const [name, f] of Object.entries(forges)) {
      const took = await timed(again(f));
      if (round >= 0) measured[name]?.push(took);
      // What happens after the answer is another line of this benchmark; here it would only disturb the next push.
      if (name === 'quire') await f.quiet();
      await pause(100);
    }
  }
  const of = (name: string): number => median(measured[name] ?? []);
  row('no hook', of('none'));
  row('a hook of two shell lines adds', of('shell') - of('none'));
  row('a hook that runs node -e 0 adds (the floor)', of('node') - of('none'));
  const added = of('quire') - of('none');
  row("quire's hook adds", added, times(added, of('node') - of('none')));
  for (const f of Object.values(forges)) await f.close();
}

/** From the end of the hook's event to the run's end. */
async function trigger(): Promise<void> {
  console.log('a push to the end of its run, one job `true`');
  await inForge(async (f) => {
    f.install();
    f.commit(oneJob('true'));
    f.push();
    await (await f.run(1)).settled();
    const took: number[] = [];
    const answered: number[] = [];
    for (let number = 2; number < 2 + rounds; number += 1) {
      f.commit(null);
      const began = performance.now();
      f.push();
      answered.push(performance.now() - began);
      const run = await f.run(number);
      await until('the end', () => run.state() === 'complete');
      took.push(performance.now() - began);
      await run.settled();
      await pause(50);
    }
    const floor = await compare({ node: () => spawnSync(process.execPath, ['-e', '0']) });
    row('start of Node (the floor)', floor.node);
    row('push answered', median(answered));
    row('run complete', median(took), `${(median(took) - median(answered)).toFixed(0)} after the answer`);
  });
}

/** The command line of a local run, in place. */
const ci = (f: Forge, ...words: string[]): void => {
  const said = spawnSync(process.execPath, [bin, 'ci', 'run', ...words], {
    cwd: f.work,
    env: f.env,
    stdio: 'ignore',
  });
  if (said.status !== 0) throw new Error(`quire ci run ${words.join(' ')} exited ${said.status}`);
};

/** 20 jobs in 5 layers of 4, each `sleep 0.1`: 500 ms when nothing else costs anything. */
async function layers(): Promise<void> {
  console.log('5 layers of 4 jobs, each `sleep 0.1` (ideal 500)');
  await inForge(async (f) => {
    const lines = ['(local ci (require :quire.ci))'];
    for (let layer = 0; layer < 5; layer += 1) {
      for (let job = 0; job < 4; job += 1) {
        const inputs = layer === 0 ? ':quire/push' : [0, 1, 2, 3].map((n) => `:j${layer - 1}${n}`).join(' ');
        lines.push(`(ci.job :j${layer}${job} [${inputs}] (fn [{: sh}] (sh "sleep 0.1")))`);
      }
    }
    f.commit(lines.join('\n'));
    const one = new Forge();
    one.commit('(local ci (require :quire.ci))\n(ci.job :only [:quire/push] (fn [] true))\n');
    const took = await compare({ one: () => ci(one, '--jobs', '0'), layers: () => ci(f, '--jobs', '0') }, 5);
    await one.close();
    row('quire ci run, one job that returns true', took.one);
    row(
      'quire ci run, the 20 jobs, above that',
      took.layers - took.one,
      `${((took.layers - took.one) / 500).toFixed(2)} × the ideal`,
    );
  });
}

/** What a job costs that does nothing, among 100. */
async function jobs(): Promise<void> {
  console.log('100 empty jobs in a row');
  await inForge(async (f) => {
    const lines = ['(local ci (require :quire.ci))'];
    for (let job = 0; job < 100; job += 1) {
      lines.push(`(ci.job :j${job} [${job === 0 ? ':quire/push' : `:j${job - 1}`}] (fn [{: log}] (log "")))`);
    }
    f.commit(lines.join('\n'));
    const one = new Forge();
    one.commit('(local ci (require :quire.ci))\n(ci.job :only [:quire/push] (fn [{: log}] (log "")))\n');
    const out = join(f.home, 'out');
    const took = await compare(
      { one: () => ci(one, '--out-dir', join(one.home, 'out')), many: () => ci(f, '--out-dir', out) },
      5,
    );
    await one.close();
    row('a job, recorded', (took.many - took.one) / 99);
  });
}

/** 200 commands of one job, beside as many bare spawns of Node's. */
async function commands(): Promise<void> {
  console.log('200 × `true`');
  await inForge(async (f) => {
    f.commit(
      '(local ci (require :quire.ci))\n(ci.job :only [:quire/push] (fn [{: sh}] (for [i 1 200] (sh "true"))))\n',
    );
    const one = new Forge();
    one.commit(oneJob('true'));
    const loop = `
      const { spawn } = require('node:child_process');
      const next = (left) => left > 0 && spawn('/bin/sh', ['-c', 'true'], { stdio: ['ignore', 'pipe', 'pipe'] }).on('close', () => next(left - 1));
      next(Number(process.argv[1]));`;
    const took = await compare(
      {
        bareOne: () => spawnSync(process.execPath, ['-e', loop, '1']),
        bare: () => spawnSync(process.execPath, ['-e', loop, '200']),
        one: () => ci(one),
        quire: () => ci(f),
      },
      15,
    );
    await one.close();
    const floor = (took.bare - took.bareOne) / 199;
    const ours = (took.quire - took.one) / 199;
    row('a bare spawn in Node (the floor)', floor);
    row('a command of a job', ours, times(ours, floor));
  });
}

/** The largest resident size of a process and its children, in MiB, until it ends. */
async function peak(child: ChildProcess): Promise<number> {
  let most = 0;
  const over = new Promise<void>((tell) => child.once('exit', () => tell()));
  let running = true;
  void over.then(() => {
    running = false;
  });
  while (running) {
    try {
      const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // Between its end and our hearing of it.
    }
    await Promise.race([over, pause(20)]);
  }
  return most;
}

/** 200 MiB of lines through masking into log.yml, beside a Node pipe into a file. */
async function log(): Promise<void> {
  console.log('200 MiB of log');
  await inForge(async (f) => {
    const line = 'the quick brown fox jumps over the lazy dog, and on it goes';
    const print = `yes '${line}' | head -c 209715200`;
    const config = join(f.home, '.config', 'quire');
    fs.mkdirSync(config, { recursive: true });
    fs.writeFileSync(join(config, 'config.fnl'), '{:secrets {:token "s3cr3t-t0k3n-of-some-length"}}');
    f.commit(
      `(local ci (require :quire.ci))\n(ci.job :only [:quire/push] (fn [{: sh : secret}] (secret :token) (let [{: exit} (sh "${print}")] {: exit})))\n`,
    );
    const copy = `
      const out = require('node:fs').createWriteStream(process.argv[1]);
      require('node:child_process').spawn('/bin/sh', ['-c', process.argv[2]], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.pipe(out);`;
    const floors: number[] = [];
    const ours: number[] = [];
    let most = 0;
    for (let round = 0; round < 4; round += 1) {
      floors.push(
        await timed(() => execFileSync(process.execPath, ['-e', copy, join(f.home, 'copy'), print])),
      );
      const began = performance.now();
      const child = spawn(process.execPath, [bin, 'ci', 'run', '--out-dir', join(f.home, 'out')], {
        cwd: f.work,
        env: f.env,
        stdio: 'ignore',
      });
      most = Math.max(most, await peak(child));
      ours.push(performance.now() - began);
    }
    row('a Node pipe into a file (the floor)', median(floors.slice(1)));
    row(
      'recorded, with one secret masked',
      median(ours.slice(1)),
      times(median(ours.slice(1)), median(floors.slice(1))),
    );
    row('peak memory of the process that records, MiB', most);
  });
}

const parts = { push, trigger, layers, jobs, commands, log };
const wanted = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) await part();
}
