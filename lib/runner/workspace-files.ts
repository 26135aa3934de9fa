/**
 * Reading and writing files for a run function: inside the workspace only, with every symlink resolved first.
 *
 * Must not know: jobs, Lua.
 */
import { dirname, join, resolve, sep } from 'node:path';
import { type FileFailure, makeDirectory, readBytes, realPath, status, writeFile } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';

/** More than this belongs in a command, not in a value of the pipeline. */
const largestFile = 64 * 1024 * 1024;

/** The bytes of a file, or one sentence that says why not. */
export function readInside(workspace: string, path: string): Result<Buffer, string> {
  const named = locate(workspace, path);
  if (!named.ok) return named;
  const real = realPath(named.value.path);
  if (!real.ok) return refuse('read', path, real.error);
  if (!isUnder(named.value.root, real.value)) return outside(path);
  const found = status(real.value);
  if (!found.ok) return refuse('read', path, found.error);
  if (found.value.kind !== 'file') return err(`can't read ${visible(path)}: it is no regular file`);
  if (found.value.size > largestFile) {
    return err(
      `can't read ${visible(path)}: it has ${found.value.size} bytes, at most ${largestFile} fit a value`,
    );
  }
  const bytes = readBytes(real.value);
  return bytes.ok ? bytes : refuse('read', path, bytes.error);
}

/** Writes a whole file, its missing directories included: its path, symlinks resolved, or why not in one sentence. */
export function writeInside(workspace: string, path: string, bytes: Uint8Array): Result<string, string> {
  const named = locate(workspace, path);
  if (!named.ok) return named;
  const { root, path: wanted } = named.value;
  const parent = existingParent(dirname(wanted));
  if (!isUnder(root, parent)) return outside(path);
  const made = makeDirectory(dirname(wanted));
  if (!made.ok) return refuse('write', path, made.error);
  const directory = realPath(dirname(wanted));
  if (!directory.ok) return refuse('write', path, directory.error);
  if (!isUnder(root, directory.value)) return outside(path);
  // Replacing by rename writes over a symlink itself, never through it.
  const target = join(directory.value, wanted.slice(dirname(wanted).length + 1));
  const there = status(target);
  if (there.ok && there.value.kind === 'directory')
    return err(`can't write ${visible(path)}: it is a directory`);
  const written = writeFile(target, bytes, {
    durable: false,
    mode: there.ok && there.value.kind === 'file' ? there.value.mode : 0o666,
  });
  return written.ok ? ok(target) : refuse('write', path, written.error);
}

type Located = { readonly root: string; readonly path: string };

function locate(workspace: string, path: string): Result<Located, string> {
  if (path === '') return err('a path must not be empty');
  if (path.includes('\0')) return err('a path must not hold a NUL character');
  const root = realPath(workspace);
  if (!root.ok) return refuse('find', workspace, root.error);
  const named = resolve(root.value, path);
  return named !== root.value && isUnder(root.value, named)
    ? ok({ root: root.value, path: named })
    : outside(path);
}

/** The nearest directory above that exists, resolved: where missing ones would be made. */
function existingParent(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    const real = realPath(at);
    if (real.ok) return real.value;
    if (status(at).ok || at === dirname(at)) return at === dirname(at) ? at : sep;
  }
}

const isUnder = (root: string, path: string): boolean => path === root || path.startsWith(`${root}${sep}`);

const outside = (path: string): Result<never, string> => err(`${visible(path)} is not inside the workspace`);

function refuse(verb: string, path: string, failure: FileFailure): Result<never, string> {
  const why = failure.reason === 'missing' ? 'there is no such file' : failure.code;
  return err(`can't ${verb} ${visible(path)}: ${why}`);
}
