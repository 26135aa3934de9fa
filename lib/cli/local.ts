/**
 * What every local run is made with: where it happens, the owner's settings, what `quire ci run`'s options say.
 *
 * Must not know: how a run is shown.
 */
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { drawDiagnostics } from '../base/draw.ts';
import { readText } from '../base/files.ts';
import { ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';
import type { Config } from '../config/config.ts';
import { quotableConfig } from '../config/quote.ts';
import { readConfig } from '../config/read.ts';
import type { Executor } from '../executors/executor.ts';
import { defaultExecutor, executorNamed } from '../executors/registry.ts';
import { findRepository } from '../git/git.ts';
import type { LocalRun } from '../runner/local.ts';
import type { StopReason } from '../runner/stop.ts';
import { variablesOf } from './commands/submit.ts';
import { type Complaint, trouble, warn, wrongUsage } from './complain.ts';
import type { Context } from './context.ts';
import { noRepository } from './place.ts';

/** The options that local commands share. */
export type LocalOptions = {
  readonly executor?: string;
  /** 0 is no limit. */
  readonly jobs?: number;
  readonly failFast?: boolean;
  readonly variable?: readonly string[];
};

/** A local run but for what is run and who listens. */
export type Workbench = Pick<
  LocalRun,
  'top' | 'gitDir' | 'executor' | 'config' | 'limits' | 'variables' | 'cache' | 'worker' | 'launcher'
>;

/** Where a command stands: a work tree, or for a commit any repository. */
export type Standing = { readonly top: string; readonly gitDir: string | null };

export async function standing(
  context: Context,
  revision: string | null,
): Promise<Result<Standing, Complaint>> {
  const start = context.repo === null ? context.cwd : resolve(context.cwd, context.repo);
  const found = await findRepository(start);
  if (!found.ok) return noRepository(found.error, 'work-tree');
  const { gitDir, top } = found.value;
  if (top !== null) return ok({ top, gitDir });
  if (revision !== null) return ok({ top: gitDir, gitDir });
  return wrongUsage(`${gitDir} has no work tree`, 'Name a commit: --sha REV');
}

/** Everything else, from the settings as they are now and the options. */
export async function workbench(
  context: Context,
  at: Standing,
  options: LocalOptions,
): Promise<Result<Workbench, Complaint>> {
  const variables = variablesOf(options.variable ?? []);
  if (!variables.ok) return variables;
  const settings = localSettings(context);
  if (!settings.ok) return settings;
  const config = settings.value;
  const executor = chosenExecutor(options.executor ?? null, config);
  if (!executor.ok) return executor;
  const jobs = options.jobs ?? config.maxJobs;
  return ok({
    ...at,
    executor: executor.value,
    config,
    limits: {
      jobs: jobs === 0 ? Number.POSITIVE_INFINITY : jobs,
      failFast: options.failFast ?? config.failFast,
      timeoutMs: config.timeoutMs,
    },
    variables: variables.value,
    cache: join(userDirectory(context, 'XDG_CACHE_HOME', '.cache'), 'quire', nameOf(at)),
    worker: context.installation.workerFile,
    launcher: context.installation.launcherFile,
  });
}

const nameOf = ({ top }: Standing): string => basename(top).replace(/\.git$/, '') || 'root';

/** The XDG rules: an absolute path counts, anything else is as if it were not set. */
function userDirectory({ env }: Context, variable: string, fallback: string): string {
  const set = env[variable] ?? '';
  return set.startsWith('/') ? set : join(env.HOME ?? homedir(), fallback);
}

/** The owner's own settings. A missing file is fine; a broken one is not: a run without its secrets would mislead. */
function localSettings(context: Context): Result<Config, Complaint> {
  const path = join(userDirectory(context, 'XDG_CONFIG_HOME', '.config'), 'quire', 'config.fnl');
  const text = readText(path);
  const sourceOf = (file: string): string | null =>
    file === path && text.ok ? quotableConfig(text.value) : null;
  const drawn = { sourceOf, colour: context.stderr.colours };
  const read = readConfig(path);
  if (!read.ok) return trouble('your settings have faults:', drawDiagnostics(read.error, drawn).trimEnd());
  for (const { message, hint } of read.value.warnings) {
    warn(context, `${path}: ${visible(message)}${hint === null ? '' : ` (${visible(hint)})`}`);
  }
  return ok(read.value.config);
}

/** A wrong word on the command line is wrong usage; one in the settings is a fault of theirs, as any other there. */
function chosenExecutor(asked: string | null, config: Config): Result<Executor, Complaint> {
  const name = asked ?? config.executor ?? defaultExecutor;
  const found = executorNamed(name);
  if (found.ok) return found;
  const { known, nearest } = found.error;
  const hint = nearest === null ? `There are: ${known.join(', ')}` : `Did you mean '${nearest}'?`;
  if (asked !== null) return wrongUsage(`there is no executor '${visible(name)}'`, hint);
  return trouble(`your settings have faults: there is no executor '${visible(name)}'`, hint);
}

/** ^C and its like as the wish that a run be canceled. */
export function cancelSignal(context: Context): AbortSignal {
  const canceled = new AbortController();
  const interruption = context.interruption();
  const cancel = (): void => canceled.abort({ kind: 'canceled' } satisfies StopReason);
  if (interruption.aborted) cancel();
  else interruption.addEventListener('abort', cancel, { once: true });
  return canceled.signal;
}

/** A path on the command line; what it names need not be there. */
export const pathFrom = (context: Context, word: string | undefined): string | null =>
  word === undefined ? null : resolve(context.cwd, word);
