/**
 * Runs git through simple-git, and turns all that it throws into values.
 *
 * simple-git is loaded when it is first needed: the hook's way does without it.
 * Must not know: what is asked of git.
 */
import type { SimpleGitOptions } from 'simple-git';
import { err, ok, type Result } from '../base/result.ts';
import { type Environment, gitEnvironment } from './environment.ts';
import type { GitFailure } from './failure.ts';

export type GitOutput = { readonly exit: number; readonly stdout: Buffer; readonly stderr: Buffer };

export type GitOptions = {
  /** Variables on top of `gitEnvironment`. */
  readonly environment?: Environment;
  readonly input?: Buffer;
  /** Hears the output as it comes. */
  readonly heard?: (stream: 'out' | 'err', bytes: Buffer) => void;
  readonly signal?: AbortSignal;
};

/**
 * simple-git guards programs that pass on arguments and variables from outside. All of ours are made here, names and
 * URLs after `--` or through stdin, and its guard takes the word `alias` in a URL for a setting.
 */
const guards = [
  'allowUnsafeAlias',
  'allowUnsafeAskPass',
  'allowUnsafeCommandBinaries',
  'allowUnsafeConfigEnvCount',
  'allowUnsafeConfigPaths',
  'allowUnsafeCredentialHelper',
  'allowUnsafeDiffExternal',
  'allowUnsafeDiffTextConv',
  'allowUnsafeEditor',
  'allowUnsafeExec',
  'allowUnsafeFilter',
  'allowUnsafeFsMonitor',
  'allowUnsafeGitProxy',
  'allowUnsafeGpgProgram',
  'allowUnsafeHooksPath',
  'allowUnsafeInclude',
  'allowUnsafeMergeDriver',
  'allowUnsafePack',
  'allowUnsafePager',
  'allowUnsafeProtocolOverride',
  'allowUnsafeSshCommand',
  'allowUnsafeSubmodule',
  'allowUnsafeTemplateDir',
  'allowUnsafeUrlRewrite',
] as const;

/** Runs `git <words>` in a directory; a non-zero exit is an answer. */
export async function runGit(
  directory: string,
  words: readonly string[],
  options: GitOptions = {},
): Promise<Result<GitOutput, GitFailure>> {
  const environment = gitEnvironment(options.environment);
  const ended: { output: GitOutput | null; trouble: string } = { output: null, trouble: '' };
  const settings: Partial<SimpleGitOptions> = {
    baseDir: directory,
    allowEnvironment: Object.keys(environment),
    unsafe: Object.fromEntries(guards.map((guard) => [guard, true])),
    input: () => options.input ?? Buffer.alloc(0),
    errors(error, { exitCode, stdOut, stdErr }) {
      if (error !== undefined && (exitCode ?? -1) < 0) ended.trouble = error.toString();
      ended.output = { exit: exitCode, stdout: Buffer.concat(stdOut), stderr: Buffer.concat(stdErr) };
      return undefined;
    },
    ...(options.signal === undefined ? {} : { abort: options.signal }),
  };
  const { heard, signal } = options;
  if (signal?.aborted) return err({ reason: 'canceled' });
  try {
    const { simpleGit } = await import('simple-git');
    const git = simpleGit(settings).env({ ...environment });
    if (heard !== undefined) {
      git.outputHandler((_command, stdout, stderr) => {
        stdout.on('data', (bytes: Buffer) => heard('out', bytes));
        stderr.on('data', (bytes: Buffer) => heard('err', bytes));
      });
    }
    await git.raw([...words]);
  } catch (error) {
    ended.trouble = String(error);
  }
  if (signal?.aborted) return err({ reason: 'canceled' });
  const { output, trouble } = ended;
  if (output !== null && output.exit >= 0) return ok(output);
  if (/ENOENT|EACCES/.test(trouble))
    return err({ reason: 'no-git', code: /E[A-Z]+/.exec(trouble)?.[0] ?? '' });
  if (/does not exist/.test(trouble)) return err({ reason: 'not-a-repository', path: directory });
  return err({ reason: 'failed', command: words[0] ?? '', exit: -1, said: trouble });
}

/** The same for a command that must exit 0: its stdout. */
export async function askGit(
  directory: string,
  words: readonly string[],
  options: GitOptions = {},
): Promise<Result<Buffer, GitFailure>> {
  const run = await runGit(directory, words, options);
  if (!run.ok) return run;
  const { exit, stdout, stderr } = run.value;
  return exit === 0
    ? ok(stdout)
    : err({ reason: 'failed', command: words[0] ?? '', exit, said: stderr.toString() });
}
