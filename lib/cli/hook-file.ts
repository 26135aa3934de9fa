/**
 * The post-receive hook of a repository: what is there, putting ours in, taking it out again.
 *
 * A hook that was there before is never lost: it is kept beside ours, which runs it.
 * Must not know: what the hook does.
 */
import { dirname, join } from 'node:path';
import {
  copyFile,
  exists,
  type FileFailure,
  type FileResult,
  makeDirectory,
  makeLink,
  readLink,
  readText,
  remove,
  rename,
  status,
  writeFile,
} from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Installation } from './context.ts';

export type HookState =
  | { readonly kind: 'none' }
  /** Ours, exactly as this installation would write it. */
  | { readonly kind: 'current' }
  /** Ours, of another installation or version. */
  | { readonly kind: 'outdated'; readonly node: string; readonly quire: string }
  | { readonly kind: 'foreign' };

export type HookFailure =
  | { readonly reason: 'file'; readonly failure: FileFailure }
  /** Somebody else's hook is there, and beside it one that was kept earlier. */
  | { readonly reason: 'two-old-hooks'; readonly path: string; readonly kept: string };

export type Put = {
  readonly before: HookState;
  /** Where the hook that was there before is kept, or null when there is none. */
  readonly kept: string | null;
};

export const hookPath = (directory: string): string => join(directory, 'post-receive');
const keptPath = (path: string): string => `${path}.before-quire`;

/** What every version of our hook says in its second line. */
const mark = "# quire's post-receive hook.";

/** One word of a shell, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const fromShell = (word: string | undefined): string =>
  (word ?? '').replace(/^'|'$/g, '').replaceAll("'\\''", "'");

/** The hook's text for this installation. */
export function hookText({ hook, node, bin }: Installation): FileResult<string> {
  const template = readText(hook);
  if (!template.ok) return template;
  return ok(template.value.replace('@NODE@', () => shellWord(node)).replace('@QUIRE@', () => shellWord(bin)));
}

export function lookAtHook(path: string, text: string): FileResult<HookState> {
  const there = readText(path);
  if (!there.ok)
    return there.error.reason === 'missing' && !exists(path) ? ok({ kind: 'none' }) : foreign(there.error);
  if (there.value === text) return ok({ kind: 'current' });
  if (!there.value.startsWith(`#!/bin/sh\n${mark}`)) return ok({ kind: 'foreign' });
  const value = (name: string): string => fromShell(new RegExp(`^${name}=(.*)$`, 'm').exec(there.value)?.[1]);
  return ok({ kind: 'outdated', node: value('node'), quire: value('quire') });
}

/** A dangling symlink is somebody's hook all the same. */
const foreign = (failure: FileFailure): FileResult<HookState> =>
  failure.reason === 'missing' ? ok({ kind: 'foreign' }) : err(failure);

const failed = (failure: FileFailure): Result<never, HookFailure> => err({ reason: 'file', failure });

/** Puts our hook in. The old one is kept before ours takes its place by rename: there is no moment without a hook. */
export function putHook(directory: string, installation: Installation): Result<Put, HookFailure> {
  const text = hookText(installation);
  if (!text.ok) return failed(text.error);
  const made = makeDirectory(directory);
  if (!made.ok) return failed(made.error);
  const path = hookPath(directory);
  const before = lookAtHook(path, text.value);
  if (!before.ok) return failed(before.error);
  const kept = keptPath(path);
  if (before.value.kind === 'foreign') {
    if (exists(kept)) return err({ reason: 'two-old-hooks', path, kept });
    const copied = copyHook(path, kept);
    if (!copied.ok) return failed(copied.error);
  }
  if (!isExecutable(path) || before.value.kind !== 'current') {
    const written = writeFile(path, text.value, { mode: 0o755, exact: true });
    if (!written.ok) return failed(written.error);
  }
  return ok({ before: before.value, kept: exists(kept) ? kept : null });
}

/** Whether everybody may execute a file: a hook serves all who push. */
export const isExecutable = (path: string): boolean => {
  const found = status(path);
  return found.ok && (found.value.mode & 0o111) === 0o111;
};

/** A symlink is kept as the symlink it is: it lies in the same directory, so that it means the same. */
function copyHook(path: string, kept: string): FileResult<void> {
  const target = readLink(path);
  return target.ok ? makeLink(kept, target.value) : copyFile(path, kept);
}

export type Taken = 'nothing-there' | 'not-ours' | 'removed' | 'put-back';

/** Takes our hook out, and puts back what was there before. */
export function takeHook(directory: string): FileResult<Taken> {
  const path = hookPath(directory);
  const there = lookAtHook(path, '');
  if (!there.ok) return there;
  if (there.value.kind === 'none') return ok('nothing-there');
  if (there.value.kind === 'foreign') return ok('not-ours');
  const kept = keptPath(path);
  const back = exists(kept);
  const done = back ? rename(kept, path) : remove(path);
  return done.ok ? ok(back ? 'put-back' : 'removed') : done;
}

/** Whether a failure is that the hooks' directory may not be written. */
export const mayNotWrite = ({ reason, path }: FileFailure, directory: string): boolean =>
  reason === 'denied' && (path === directory || dirname(path) === directory);
