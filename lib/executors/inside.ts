/**
 * Whether a directory that a pipeline named is inside the workspace.
 *
 * Must not know: who asks.
 */
import { relative, resolve, sep } from 'node:path';
import { realPath, status } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { ExecutorFailure } from './failure.ts';

export type Inside = {
  /** Absolute; below the workspace every symlink is resolved. */
  readonly path: string;
  /** From the workspace; empty for the workspace itself. */
  readonly relative: string;
};

/** The directory `cwd` (null: the workspace as it is named) with symlinks resolved, refused when it is outside. */
export function insideWorkspace(workspace: string, cwd: string | null): Result<Inside, ExecutorFailure> {
  if (cwd?.includes('\0')) {
    return err({ reason: 'not-started', failure: { reason: 'nul-byte', where: 'cwd' } });
  }
  if (cwd === null) return ok({ path: workspace, relative: '' });
  const root = realPath(workspace);
  if (!root.ok) return notThere(workspace);
  const named = resolve(root.value, cwd);
  // What is outside already by its name is refused as such, whether it exists or not.
  if (!isUnder(root.value, named)) return err({ reason: 'outside-workspace', cwd });
  const found = realPath(named);
  if (!found.ok) return notThere(cwd);
  if (!isUnder(root.value, found.value)) return err({ reason: 'outside-workspace', cwd });
  const entry = status(found.value);
  if (!entry.ok || entry.value.kind !== 'directory') return notThere(cwd);
  return ok({ path: found.value, relative: relative(root.value, found.value) });
}

const isUnder = (root: string, path: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);

const notThere = (cwd: string): Result<never, ExecutorFailure> =>
  err({ reason: 'not-started', failure: { reason: 'bad-cwd', cwd } });
