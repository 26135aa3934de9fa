/**
 * Runs git without simple-git: for what every command of quire asks first, where loading a library would be
 * most of the time.
 *
 * Must not know: what is asked of git.
 */
import { execFile } from 'node:child_process';
import { exists } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Environment, gitEnvironment } from './environment.ts';
import type { GitFailure } from './failure.ts';

const mostOutput = 64 * 1024 * 1024;

/** The stdout of `git <words>`, which must exit 0. */
export const quickGit = (
  directory: string,
  words: readonly string[],
  environment: Environment = {},
): Promise<Result<Buffer, GitFailure>> =>
  new Promise((answer) => {
    const options = {
      cwd: directory,
      env: gitEnvironment(environment),
      encoding: 'buffer' as const,
      maxBuffer: mostOutput,
    };
    execFile('git', [...words], options, (error, stdout, stderr) => {
      if (error === null) return answer(ok(stdout));
      if (!exists(directory)) return answer(err({ reason: 'not-a-repository', path: directory }));
      const { code } = error;
      if (typeof code === 'string') return answer(err({ reason: 'no-git', code }));
      const command = words[0] ?? '';
      return answer(err({ reason: 'failed', command, exit: code ?? -1, said: stderr.toString() }));
    });
  });
