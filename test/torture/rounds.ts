/**
 * Rounds of real pushes and commands during which a random process of quire is killed at a random moment; then all
 * of it is put right by `quire drain`, and the files are checked.
 *
 * Must not know: how quire works inside.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bin, type Forge } from '../rig/forge.ts';
import { type Dice, dice } from './dice.ts';
import { passingBranch, spooledLog, violationsOf } from './invariants.ts';
import { Reader } from './reader.ts';

export type Torture = {
  readonly rounds: number;
  readonly seed: number;
  /** Rounds between two checks of everything; default 10. */
  readonly checkEvery?: number;
  readonly say?: (line: string) => void;
};

export type Report = {
  readonly seed: number;
  rounds: number;
  kills: number;
  pushes: number;
  runs: number;
  looks: number;
  readonly violations: string[];
};

const head = '(local ci (require :quire.ci))\n';

/** What is pushed: quick and slow, red and broken, with daemons, or with no run at all. */
const pipelines: readonly string[] = [
  head,
  `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "echo a")))\n(ci.job :b [:a] (fn [{: sh}] (sh "echo b; sleep 0.1")))`,
  `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "sleep 0.3")))\n(ci.job :b [:quire/push] (fn [{: sh}] (sh "sleep 0.2; echo b")))`,
  `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "setsid sleep 1000 & echo started; sleep 0.2")))`,
  `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "exit 3")))\n(ci.job :b [:a] (fn [{: sh}] (sh "true")))`,
  `${head}(ci.job :a [:b] (fn []))`,
  `${head}(ci.job :a [:quire/push] (fn [{: sh}] (sh "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.03; done") {:done true}))`,
];

const config = '{:max-runs 2 :max-jobs 2}';

/** Tortures a fresh forge. Every violation is said as it is found. */
export async function torture(forge: Forge, options: Torture): Promise<Report> {
  const report: Report = {
    seed: options.seed,
    rounds: 0,
    kills: 0,
    pushes: 0,
    runs: 0,
    looks: 0,
    violations: [],
  };
  const say = options.say ?? (() => {});
  prepare(forge);
  const reader = new Reader(forge.data, report.violations);
  reader.start();
  const work = new Work(forge, dice(options.seed), report);
  let told = 0;
  for (let round = 1; round <= options.rounds; round += 1) {
    await work.round();
    report.rounds = round;
    if (round % (options.checkEvery ?? 10) === 0 || round === options.rounds) {
      await work.check();
      say(
        `round ${round}: ${report.kills} kills, ${report.pushes} pushes, ${report.runs} runs, ${report.violations.length} violations`,
      );
    }
    for (; told < report.violations.length; told += 1) say(`VIOLATION ${report.violations[told]}`);
  }
  await reader.stop();
  report.looks = reader.looks;
  return report;
}

function prepare(forge: Forge): void {
  forge.git(forge.repo, 'config', 'core.logAllRefUpdates', 'always');
  const witness = `#!/bin/sh\ncat >> ${join(forge.home, spooledLog)}\n`;
  fs.writeFileSync(join(forge.repo, 'hooks', 'post-receive'), witness, { mode: 0o755 });
  forge.install(config);
}

class Work {
  readonly #forge: Forge;
  readonly #dice: Dice;
  readonly #report: Report;
  #commits = 0;
  #tags = 0;

  constructor(forge: Forge, choice: Dice, report: Report) {
    this.#forge = forge;
    this.#dice = choice;
    this.#report = report;
  }

  async round(): Promise<void> {
    const actions = Array.from({ length: 1 + this.#dice.below(3) }, () => this.#act());
    const kills = 1 + this.#dice.below(3);
    for (let n = 0; n < kills; n += 1) {
      await pause(this.#dice.below(250));
      this.#kill();
    }
    await Promise.all(actions);
  }

  /** Everything is worked to its end, then the files are looked at. */
  async check(): Promise<void> {
    const forge = this.#forge;
    const drained = await forge.quireGoing('drain').ended;
    if (drained.code !== 0) this.#report.violations.push(`drain ended with ${drained.code}: ${drained.err}`);
    try {
      await forge.quiet();
    } catch (error) {
      this.#report.violations.push(String(error));
    }
    const known = new Set(this.#report.violations);
    this.#report.violations.push(...violationsOf(forge).filter((each) => !known.has(each)));
    this.#report.runs = forge.runs().length;
  }

  async #act(): Promise<void> {
    const what = this.#dice.below(12);
    const forge = this.#forge;
    if (what < 8 || this.#commits < 3) return this.#push();
    if (what === 8) await forge.quireGoing('cancel', 'latest').ended;
    else if (what === 9) await forge.quireGoing('rerun', 'latest').ended;
    else if (what === 10) await forge.quireGoing('drain', '--no-wait').ended;
    else await forge.quireGoing('drain').ended;
  }

  async #push(): Promise<void> {
    const [forge, choice] = [this.#forge, this.#dice];
    this.#commits += 1;
    const without = choice.once(12);
    if (without) fs.rmSync(join(forge.work, '.quire'), { recursive: true, force: true });
    const subject = `change ${this.#commits}${choice.once(10) ? ' [skip ci]' : ''}`;
    const sha = forge.commit(without ? null : choice.pick(pipelines), subject);
    const branches = choice.once(5) ? ['b0', 'b1', 'b2', 'b3'] : [`b${choice.below(4)}`];
    const refs = branches.map((name) => `+${sha}:refs/heads/${name}`);
    if (choice.once(6)) {
      this.#tags += 1;
      refs.push(`${sha}:refs/tags/t${this.#tags}`);
    }
    const passing = choice.below(6);
    if (passing === 0) refs.push(`+${sha}:${passingBranch}`);
    if (passing === 1) refs.push(`:${passingBranch}`);
    this.#report.pushes += 1;
    await forge.pushing(...refs).ended;
  }

  #kill(): void {
    const victims = this.#forge
      .processes()
      .filter(({ command }) => command.includes(`${bin} `) || command.includes('hooks/post-receive'));
    if (victims.length === 0) return;
    try {
      process.kill(this.#dice.pick(victims).pid, 'SIGKILL');
      this.#report.kills += 1;
    } catch {
      // It ended by itself in this instant.
    }
  }
}
