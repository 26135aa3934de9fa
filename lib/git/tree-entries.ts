/**
 * One tree object: names, kinds and shas.
 *
 * Must not know: the trees below it.
 */
import type { Sha } from '../base/ids.ts';

export type TreeKind = 'file' | 'executable' | 'symlink' | 'directory' | 'submodule';

export type TreeEntry = {
  readonly kind: TreeKind;
  /** The name's own bytes, which need not be UTF-8. */
  readonly name: Buffer;
  readonly sha: Sha;
};

/** Reads a tree object whose shas have `width` bytes; null when it is damaged. */
export function parseTree(bytes: Buffer, width: number): TreeEntry[] | null {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, space + 1);
    if (space < 0 || nul < 0 || nul + 1 + width > bytes.length) return null;
    const kind = kindOf(Number.parseInt(bytes.toString('latin1', at, space), 8));
    if (kind === null) return null;
    entries.push({
      kind,
      name: bytes.subarray(space + 1, nul),
      sha: bytes.toString('hex', nul + 1, nul + 1 + width) as Sha,
    });
    at = nul + 1 + width;
  }
  return entries;
}

function kindOf(mode: number): TreeKind | null {
  switch (mode & 0o170000) {
    case 0o040000:
      return 'directory';
    case 0o100000:
      return (mode & 0o100) === 0 ? 'file' : 'executable';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    default:
      return null;
  }
}
