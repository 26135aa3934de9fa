/**
 * A whole installation for one test: a bare repository with quire in it, a work tree to push from, and jobs whose
 * commands the test conducts.
 *
 * Real git, real disk, real processes; at the end everything that still runs is ended and the directory removed.
 * When a test fails, what was called and what the records say is printed. Must not know: how quire works inside.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(root, 'bin', 'quire');

export type Said = { readonly code: number | null; readonly out: string; readonly err: string };

/** A program that was started and not waited for. */
export type Going = { readonly pid: number; readonly ended: Promise<Said> };

/** The states a run's directory can have as its parent. */
const states = ['pending', 'active', 'complete', 'failed', 'replaced', 'canceled'] as const;
type State = (typeof states)[number];

const deadline = 20_000;

/** Asks again and again until the answer is neither null nor undefined nor false; then it is that answer. */
export async function until<T>(
  what: string,
  ask: () => T | null | undefined | false,
  limit = deadline,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for: ${what}`);
    await pause(10);
  }
}

export class Forge {
  readonly home: string;
  readonly repo: string;
  readonly work: string;
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #told: string[] = [];

  constructor() {
    this.home = fs.mkdtempSync(join(tmpdir(), 'quire-forge-'));
    this.repo = join(this.home, 'r.git');
    this.work = join(this.home, 'w');
    this.data = join(this.repo, 'quire');
    const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env;
    this.env = {
      ...rest,
      // Jobs get it too: every process of this test, however far from home, carries it.
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, '.config'),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.org',
      QUIRE_PUSHER: 'ada',
    };
    this.git(this.home, 'init', '-q', '--bare', '-b', 'main', this.repo);
    this.git(this.home, 'init', '-q', '-b', 'main', this.work);
  }

  /** Installs quire, with a config file of this text. */
  install(config = '{}'): void {
    const said = this.quire('install', this.repo);
    if (said.code !== 0) throw new Error(`install: ${said.out}${said.err}`);
    fs.writeFileSync(join(this.data, 'config.fnl'), config);
  }

  git(cwd: string, ...words: string[]): string {
    this.#told.push(`git ${words.join(' ')}`);
    return execFileSync('git', words, {
      cwd,
      env: this.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs bin/quire for the repository and waits for it. */
  quire(...words: string[]): Said {
    return this.quireIn(this.repo, {}, ...words);
  }

  quireIn(cwd: string, env: NodeJS.ProcessEnv, ...words: string[]): Said {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
      cwd,
      env: { ...this.env, ...env },
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    this.#told.push(`quire ${words.join(' ')} -> ${status}\n${stdout}${stderr}`);
    return { code: status, out: stdout, err: stderr };
  }

  write(path: string, text: string | Uint8Array): void {
    fs.mkdirSync(join(this.work, path, '..'), { recursive: true });
    fs.writeFileSync(join(this.work, path), text);
  }

  /** Commits the work tree with this pipeline (unless null); the commit's id. */
  commit(pipeline: string | null, subject = 'a commit'): string {
    if (pipeline !== null) this.write('.quire/ci.fnl', pipeline);
    this.git(this.work, 'add', '-A');
    this.git(this.work, 'commit', '-q', '--allow-empty', '-m', subject);
    return this.git(this.work, 'rev-parse', 'HEAD').trim();
  }

  /** Pushes; gives what the pusher sees. Throws when git refuses the push. */
  push(...words: string[]): string {
    const refs = words.length === 0 ? ['main'] : words;
    const said = spawnSync('git', ['push', '-q', this.repo, ...refs], {
      cwd: this.work,
      env: this.env,
      encoding: 'utf8',
      timeout: 120_000,
    });
    this.#told.push(`git push ${refs.join(' ')} -> ${said.status}\n${said.stdout}${said.stderr}`);
    if (said.status !== 0) throw new Error(`push: ${said.stderr}`);
    return said.stderr;
  }

  /** The same without waiting: many at once, or one that is killed on the way. */
  pushing(...words: string[]): Going {
    return this.start('git', ['push', '-q', this.repo, ...words], this.work);
  }

  /** Starts bin/quire for the repository. */
  quireGoing(...words: string[]): Going {
    return this.start(process.execPath, [bin, ...words], this.repo);
  }

  start(program: string, words: string[], cwd: string): Going {
    const child = spawn(program, words, {
      cwd,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    const ended = new Promise<Said>((tell) => {
      child.on('close', (code) => {
        this.#told.push(`${program} ${words.join(' ')} -> ${code}\n${said.out}${said.err}`);
        tell({ code, ...said });
      });
    });
    return { pid: child.pid ?? 0, ended };
  }

  /** Every run that there is, by number. */
  runs(): Run[] {
    return states
      .flatMap((state) => this.#names(join(this.data, 'runs', state)).map((id) => new Run(this, id)))
      .filter((run, at, all) => all.findIndex((other) => other.id === run.id) === at)
      .sort((a, b) => a.id.localeCompare(b.id))
      .sort((a, b) => (a.meta().number as number) - (b.meta().number as number));
  }

  /** The run with a number, once it is there. */
  run(number: number): Promise<Run> {
    return until(`run ${number}`, () => this.runs().find((run) => run.meta().number === number));
  }

  #names(path: string): string[] {
    return fs.existsSync(path) ? fs.readdirSync(path).filter((name) => !name.startsWith('.')) : [];
  }

  /** A job's command that reports when it is called and ends as the test says. */
  puppet(name: string): Puppet {
    return new Puppet(join(this.home, 'puppets', name));
  }

  /** The process of quire that does this: `hook`, `runner`, `run-process`. */
  async doing(what: string): Promise<number> {
    const found = await until(`a process that is quire's ${what}`, () =>
      this.processes().find(
        ({ command }) => command.includes(`${bin} ${what} `) && !command.startsWith('timeout'),
      ),
    );
    return found.pid;
  }

  /** Waits until nothing that this test started still runs. */
  async quiet(): Promise<void> {
    await until('every process to end', () => this.processes().length === 0).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.processes())}`);
    });
  }

  /** The processes that this test started, however: pid and command line. */
  processes(): { pid: number; command: string }[] {
    return fs
      .readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid)
      .flatMap((pid) => {
        try {
          const mine = fs
            .readFileSync(`/proc/${pid}/environ`, 'latin1')
            .split('\0')
            .includes(`HOME=${this.home}`);
          const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          return mine && command !== '' ? [{ pid, command }] : [];
        } catch {
          return [];
        }
      });
  }

  report(): string {
    const records = fs.existsSync(this.data)
      ? execFileSync(
          'sh',
          [
            '-c',
            'cd "$1" && find runs inbox -type f | sort | head -100 | xargs -r tail -n 20; tail -n 20 runner.log 2>/dev/null; true',
            'sh',
            this.data,
          ],
          { encoding: 'utf8', maxBuffer: 1 << 28 },
        )
      : '';
    return `${this.#told.join('\n')}\n${records.slice(0, 20_000)}`;
  }

  async close(): Promise<void> {
    for (let looks = 0; looks < 50; looks += 1) {
      const left = this.processes();
      for (const { pid } of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Gone in this instant.
        }
      }
      if (left.length === 0) break;
      await pause(20);
    }
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Run {
  readonly id: string;
  readonly #forge: Forge;

  constructor(forge: Forge, id: string) {
    this.#forge = forge;
    this.id = id;
  }

  /** Looks again when it is nowhere: it may have moved behind the look. */
  state(): State {
    for (let tries = 0; tries < 3; tries += 1) {
      const at = [...states]
        .reverse()
        .find((state) => fs.existsSync(join(this.#forge.data, 'runs', state, this.id)));
      if (at !== undefined) return at;
    }
    throw new Error(`run ${this.id} is in no state`);
  }

  path(...below: string[]): string {
    return join(this.#forge.data, 'runs', this.state(), this.id, ...below);
  }

  /** A record, parsed by the library and not by quire. Looks again when the run moves meanwhile. */
  record(file: string): Record<string, unknown> {
    for (let tries = 0; ; tries += 1) {
      try {
        return parse(fs.readFileSync(this.path(file), 'utf8'));
      } catch (error) {
        if (tries === 3) throw error;
      }
    }
  }

  meta = (): Record<string, unknown> => this.record('meta.yml');
  outcome = (): Record<string, unknown> => this.record('outcome.yml');
  job = (id: string): Record<string, unknown> => this.record(`jobs/${id}/job.yml`);

  jobStates(): Record<string, string> {
    const jobs = (this.record('pipeline.yml').jobs ?? []) as { id: string }[];
    return Object.fromEntries(jobs.map(({ id }) => [id, String(this.job(id).state)]));
  }

  log(job: string): Record<string, unknown>[] {
    const text = fs.readFileSync(this.path('jobs', job, 'log.yml'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line.slice(2)));
  }

  /** What a job's commands wrote to one stream. */
  stream(job: string, name: 'out' | 'err' = 'out'): string {
    return this.log(job)
      .map((entry) => String(entry[name] ?? ''))
      .join('');
  }

  /** Waits until the run is over and settled: nothing is left to be published. */
  async settled(): Promise<this> {
    const mark = join(this.#forge.data, 'runs', '.unsettled', this.id);
    await until(`the end of run ${this.id}`, () => {
      const state = this.state();
      return state !== 'pending' && state !== 'active' && !fs.existsSync(mark);
    });
    return this;
  }

  async active(): Promise<this> {
    await until(`run ${this.id} to be active`, () => this.state() !== 'pending');
    return this;
  }
}

/** One conducted command: `sh "…"` of a pipeline calls it, the test hears the call and says how it ends. */
export class Puppet {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
    fs.mkdirSync(home, { recursive: true });
    execFileSync('mkfifo', [join(home, 'go')]);
    fs.writeFileSync(join(home, 'calls'), '');
  }

  /** The shell text to put into a pipeline. */
  get command(): string {
    const at = this.#home;
    return `echo $$ >> ${at}/calls; read code < ${at}/go; exit $code`;
  }

  /** The pids of all calls so far. */
  calls(): number[] {
    return fs
      .readFileSync(join(this.#home, 'calls'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  }

  async called(times = 1): Promise<{ pid: number; exit(code: number): void }> {
    const pid = await until(`call ${times} of ${this.#home}`, () => this.calls()[times - 1]);
    return { pid, exit: (code) => this.#go(code) };
  }

  #go(code: number): void {
    // Opening a pipe to write waits for its reader; a child does the waiting.
    spawn('sh', ['-c', `echo ${code} > ${join(this.#home, 'go')}`], { stdio: 'ignore' }).unref();
  }
}

/** Wraps a test body: a forge of its own, a report when it fails, everything ended afterwards. */
export const forge =
  (body: (forge: Forge) => Promise<void> | void): (() => Promise<void>) =>
  async () => {
    const made = new Forge();
    try {
      await body(made);
    } catch (error) {
      console.log(made.report());
      throw error;
    } finally {
      await made.close();
    }
  };
