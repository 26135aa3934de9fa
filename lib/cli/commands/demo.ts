/**
 * `quire demo`: the whole way once, for real: a bare repository, a small project, two pushes, a site.
 *
 * Must not know: how anything on the way works; it does what a person would do.
 */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  copyFile,
  list,
  listEntries,
  makeDirectory,
  makeTemporaryDirectory,
  readText,
  sayFileFailure,
  writeFile,
} from '../../base/files.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { visible } from '../../base/text.ts';
import { gitEnvironment } from '../../git/git.ts';
import { capture, sayStartFailure } from '../../process/process.ts';
import { latestRun, openStore, readRun } from '../../store/store.ts';
import { complain, trouble, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exits } from '../exit.ts';
import { sayState } from '../words.ts';
import { drain } from './drain.ts';
import { install } from './install.ts';

export type DemoOptions = { readonly keep?: string };

export async function demo(context: Context, options: DemoOptions): Promise<ExitCode> {
  // From here on ^C is heard: what it ends on the way would else be told as a failure of the demo's own.
  const interruption = context.interruption();
  const home =
    options.keep === undefined
      ? makeTemporaryDirectory(join(tmpdir(), 'quire-demo-'))
      : emptyDirectory(resolve(context.cwd, options.keep));
  if (!home.ok)
    return complain(context, 'exit' in home.error ? home.error : trouble(sayFileFailure(home.error)).error);
  const done = await new Demo(context, home.value).all(interruption);
  if (interruption.aborted) return exits.interrupted;
  return done.ok ? exits.done : complain(context, trouble(done.error).error);
}

function emptyDirectory(path: string): Result<string, ReturnType<typeof trouble>['error']> {
  const made = makeDirectory(path);
  if (!made.ok) return trouble(sayFileFailure(made.error));
  const names = list(path);
  if (!names.ok) return trouble(sayFileFailure(names.error));
  return names.value.length === 0
    ? ok(path)
    : wrongUsage(`${path} is not empty`, 'Name a new directory: quire demo --keep DIR');
}

/** One person's identity for the commits, whatever the machine's git knows. */
const person = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  // The demo shows quire, not the machine's own hooks and templates.
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

class Demo {
  readonly #context: Context;
  readonly #repo: string;
  readonly #work: string;

  constructor(context: Context, home: string) {
    this.#context = context;
    this.#repo = join(home, 'greet.git');
    this.#work = join(home, 'greet');
  }

  async all(interruption: AbortSignal): Promise<Result<void, string>> {
    const { templates } = this.#context.installation;
    const steps: (() => Promise<Result<unknown, string>>)[] = [
      () => this.#git('init', '-q', '--bare', '-b', 'main', this.#repo),
      () => this.#git('init', '-q', '-b', 'main', this.#work),
      async () => copyTree(join(templates, 'demo'), this.#work),
      () => this.#say('A bare repository, and quire in it'),
      async () => {
        const installed = await install(this.#context, this.#repo, {});
        return installed === exits.done ? ok(undefined) : err('quire install did not succeed');
      },
      () => this.#commit('A program that greets'),
      () => this.#push(),
      async () => this.#edit('greet.sh', '@WHO@.', '@WHO@'),
      () => this.#commit('Drop the full stop'),
      () => this.#push(),
    ];
    for (const step of steps) {
      if (interruption.aborted) return err('interrupted');
      const done = await step();
      if (!done.ok) return done;
    }
    const { write, paint } = this.#context.stdout;
    const site = join(this.#repo, 'quire', 'site', 'index.html');
    write(`\n${paint('bold', 'The site')}     file://${encodeURI(site)}\n`);
    write(`${paint('bold', 'The records')}  ${join(this.#repo, 'quire', 'runs')}\n`);
    write(`${paint('bold', 'The project')}  ${this.#work}  (change it and push again)\n`);
    return ok(undefined);
  }

  async #say(text: string): Promise<Result<void, string>> {
    const { write, paint } = this.#context.stdout;
    write(`\n${paint('bold', text)}\n`);
    return ok(undefined);
  }

  async #git(...words: string[]): Promise<Result<string, string>> {
    const done = await capture(['git', ...words], {
      env: gitEnvironment(person),
      cwd: '/',
      timeoutMs: 60_000,
    });
    if (!done.ok) return err(sayStartFailure(done.error));
    const said = done.value.err.toString();
    return done.value.code === 0 ? ok(said) : err(`git ${words.join(' ')}: ${visible(said.trim())}`);
  }

  async #commit(subject: string): Promise<Result<unknown, string>> {
    const added = await this.#git('-C', this.#work, 'add', '-A');
    return added.ok ? this.#git('-C', this.#work, 'commit', '-q', '-m', subject) : added;
  }

  async #edit(file: string, from: string, to: string): Promise<Result<void, string>> {
    const path = join(this.#work, file);
    const text = readText(path);
    const written = text.ok ? writeFile(path, text.value.replace(from, to)) : text;
    return written.ok ? ok(undefined) : err(sayFileFailure(written.error));
  }

  /** What the pusher sees, and then how the run ended. */
  async #push(): Promise<Result<void, string>> {
    await this.#say('git push');
    const pushed = await this.#git('-C', this.#work, 'push', '-q', this.#repo, 'main');
    if (!pushed.ok) return pushed;
    const { write, paint } = this.#context.stdout;
    for (const line of pushed.value.trim().split('\n')) {
      write(`${line.trimEnd().replace(/^remote:/, paint('dim', 'remote:'))}\n`);
    }
    const worked = await drain({ ...this.#context, repo: this.#repo }, {});
    if (worked !== exits.done) return err('the run was not worked to its end');
    const store = openStore(join(this.#repo, 'quire'));
    const id = await latestRun(store);
    const run = id === null ? null : await readRun(store, id);
    if (run === null || !run.ok) return err('the run left no record');
    for (const job of run.value.jobs) {
      write(
        `  ${sayState(job.state, paint)} ${job.id}${job.reason === null ? '' : paint('dim', `  ${job.reason}`)}\n`,
      );
    }
    write(`${sayState(run.value.state, paint)}: ${run.value.outcome?.error ?? 'every job is done'}\n`);
    return ok(undefined);
  }
}

function copyTree(from: string, to: string): Result<void, string> {
  const made = makeDirectory(to);
  const entries = made.ok ? listEntries(from) : made;
  if (!entries.ok) return err(sayFileFailure(entries.error));
  for (const { name, kind } of entries.value) {
    if (kind === 'directory') {
      const below = copyTree(join(from, name), join(to, name));
      if (!below.ok) return below;
      continue;
    }
    const copied = copyFile(join(from, name), join(to, name));
    if (!copied.ok) return err(sayFileFailure(copied.error));
  }
  return ok(undefined);
}
