/**
 * Fennel files on the disk, as evaluation wants them: a file, and the modules beside it.
 *
 * Must not know: what is evaluated, or why.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { readText } from '../base/files.ts';
import { ok, type Result } from '../base/result.ts';
import type { Tree } from '../evaluate/modules.ts';
import { type Complaint, fileTrouble, wrongUsage } from './complain.ts';
import type { Context } from './context.ts';

export type DiskFile = {
  /** Its name in the tree. */
  readonly name: string;
  readonly text: string;
  /** The files of its directory. */
  readonly tree: Tree;
  /** A name of the tree, led by the directory as it was given. */
  readonly shown: (name: string) => string;
};

export function openFile(context: Context, given: string): Result<DiskFile, Complaint> {
  const path = resolve(context.cwd, given);
  const text = readText(path);
  if (!text.ok) {
    const { reason } = text.error;
    return reason === 'missing' || reason === 'not-a-file'
      ? wrongUsage(`there is no file ${given}`)
      : fileTrouble(text.error);
  }
  const directory = dirname(path);
  const prefix = given.slice(0, given.lastIndexOf('/') + 1);
  return ok({
    name: basename(path),
    text: text.value,
    tree: {
      read: (name) => {
        const found = readText(join(directory, name));
        return found.ok ? found.value : null;
      },
    },
    shown: (name) => prefix + name,
  });
}
