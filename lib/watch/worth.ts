/**
 * Which names are worth watching at all, whatever git says of them.
 *
 * Pure. Must not know: the disk.
 */

/** What editors leave beside the file they save, and what quire's own writes begin as. */
const droppings = [
  /^\.tmp-\d+-\d+-/,
  /\.sw[nopx]$/,
  /~$/,
  /^#.*#$/,
  /^\.#/,
  /^4913$/,
  /^\.goutputstream-/,
  /\.kate-swp$/,
  /___jb_(tmp|old)___$/,
] as const;

/** `path` is relative to the top, with `/`. Git's own directory is none of the work tree's files, however deep. */
export function isWorth(path: string): boolean {
  const names = path.split('/');
  if (names.includes('.git')) return false;
  const name = names.at(-1) ?? '';
  return !droppings.some((pattern) => pattern.test(name));
}

/** The pipeline counts even where git ignores it. */
export const isPipeline = (path: string): boolean => path === '.quire' || path.startsWith('.quire/');
