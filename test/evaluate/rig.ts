/**
 * Evaluators for tests: files in a map, short limits.
 */
import { Evaluator, type EvaluatorOptions } from '../../lib/evaluate/evaluator.ts';
import type { Tree } from '../../lib/evaluate/modules.ts';
import { type Viewed, viewFile } from '../../lib/evaluate/view-file.ts';
import { type Limits, Meter } from '../../lib/lua/vm.ts';

export const limits: Limits = {
  timeMs: 5000,
  memoryBytes: 256 * 1024 * 1024,
  clock: () => performance.now(),
};

export const treeOf = (files: Readonly<Record<string, string>>): Tree => ({
  read: (path) => (Object.hasOwn(files, path) ? (files[path] ?? null) : null),
});

export const evaluatorOf = (
  files: Readonly<Record<string, string>> = {},
  options: Partial<EvaluatorOptions> = {},
): Evaluator => new Evaluator({ meter: new Meter(limits), tree: treeOf(files), ...options });

/** What a program gives, shown, or what is wrong with it. */
export const view = (
  text: string,
  files: Readonly<Record<string, string>> = {},
  options: { readonly globals?: readonly string[]; readonly limits?: Limits } = {},
): Viewed => viewFile(treeOf(files), 'ci.fnl', text, { limits, ...options });

/** What a program gives, shown with a space between; it must not fail. */
export function shown(text: string, files: Readonly<Record<string, string>> = {}): string {
  const viewed = view(text, files);
  if (!('values' in viewed)) throw new Error(`${viewed.at}:${viewed.line}: ${viewed.message}`);
  return viewed.values.join(' ');
}

/** The failure of a program that must fail. */
export function failed(
  text: string,
  files: Readonly<Record<string, string>> = {},
  options: { readonly limits?: Limits } = {},
): Exclude<Viewed, { values: unknown }> {
  const viewed = view(text, files, options);
  if ('values' in viewed) throw new Error(`did not fail: ${viewed.values.join(' ')}`);
  return viewed;
}
