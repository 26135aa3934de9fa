/**
 * From the system's error code to the reason a process did not start, naming program and directory.
 *
 * `ENOENT` alone does not tell a missing program from a missing directory: this file looks.
 * Must not know: how the process was to be started.
 */
import { isAbsolute, resolve } from 'node:path';
import { realPath, status } from '../base/files.ts';
import type { Environment, StartFailure } from './command.ts';

export type Attempt = {
  readonly argv: readonly [string, ...string[]];
  readonly env: Environment;
  readonly cwd: string;
};

/** The failure behind what `spawn` threw or emitted. */
export function explainStart(error: unknown, attempt: Attempt): StartFailure {
  const { code = 'unknown', message = String(error) } = error as NodeJS.ErrnoException;
  const program = attempt.argv[0];
  const { cwd } = attempt;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EACCES':
    case 'ENOEXEC':
    case 'EISDIR':
    case 'ELOOP':
      if (!isDirectory(cwd)) return { reason: 'bad-cwd', cwd };
      return exists(program, cwd)
        ? { reason: 'not-executable', program, cwd }
        : { reason: code === 'EACCES' ? 'not-executable' : 'missing-program', program, cwd };
    case 'E2BIG':
      return { reason: 'too-big', bytes: sizeOf(attempt), program, cwd };
    case 'ERR_INVALID_ARG_VALUE':
      return nulByte(attempt) ?? { reason: 'io', code, detail: message };
    default:
      return { reason: 'io', code, detail: message };
  }
}

/** The text that no system call would take; Node makes none. */
function nulByte({ argv, env, cwd }: Attempt): StartFailure | null {
  if (cwd.includes('\0')) return { reason: 'nul-byte', where: 'cwd' };
  if (argv.some((word) => word.includes('\0'))) return { reason: 'nul-byte', where: 'command' };
  const inEnvironment = Object.entries(env).some((entry) => entry.join('').includes('\0'));
  return inEnvironment ? { reason: 'nul-byte', where: 'environment' } : null;
}

function isDirectory(path: string): boolean {
  const real = realPath(path);
  const found = real.ok ? status(real.value) : real;
  return found.ok && found.value.kind === 'directory';
}

/** Only a path can be looked at; a bare name was looked up by the system already. */
const exists = (program: string, cwd: string): boolean =>
  program.includes('/') && realPath(isAbsolute(program) ? program : resolve(cwd, program)).ok;

function sizeOf(attempt: Attempt): number {
  let bytes = 0;
  for (const word of attempt.argv) bytes += Buffer.byteLength(word) + 1;
  for (const [name, value] of Object.entries(attempt.env)) bytes += Buffer.byteLength(`${name}=${value}`) + 1;
  return bytes;
}
