/**
 * Files at a commit or in a work tree, read the same way: what a pipeline and its modules are read from.
 *
 * Nothing is read before it is asked for. Paths have `/` and no leading one: `.quire/ci.fnl`.
 * Must not know: pipelines.
 */
import { join } from 'node:path';
import { listEntries, readBytes, status } from '../base/files.ts';
import type { Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { GitFailure } from './failure.ts';
import type { Objects } from './objects.ts';
import type { TreeEntry, TreeKind } from './tree-entries.ts';

export type PathKind = TreeKind | 'other';

export type TreeReader = {
  /** What is at a path; null when nothing is, or when a parent of it is no directory. Symlinks are not followed. */
  kind(path: string): Promise<Result<PathKind | null, GitFailure>>;
  /** The names in a directory, sorted by byte; none when there is no such directory. */
  names(directory: string): Promise<Result<NameAndKind[], GitFailure>>;
  /** A regular file's bytes; at most `limit` of them, or the failure `too-large`. */
  read(path: string, limit: number): Promise<Result<Buffer, GitFailure>>;
};

export type NameAndKind = { readonly name: string; readonly kind: PathKind };

/** The tree of a commit. */
export function commitTree(objects: Objects, commit: Sha): TreeReader {
  const root = objects.commit(commit).then((facts) => (facts.ok ? ok(facts.value.tree) : facts));

  async function directory(path: string): Promise<Result<TreeEntry[] | null, GitFailure>> {
    if (path === '') {
      const top = await root;
      return top.ok ? objects.tree(top.value) : top;
    }
    const found = await entry(path);
    if (!found.ok) return found;
    return found.value?.kind === 'directory' ? objects.tree(found.value.sha) : ok(null);
  }

  async function entry(path: string): Promise<Result<TreeEntry | null, GitFailure>> {
    const slash = path.lastIndexOf('/');
    const parent = await directory(slash < 0 ? '' : path.slice(0, slash));
    if (!parent.ok) return parent;
    const name = Buffer.from(path.slice(slash + 1));
    return ok(parent.value?.find((each) => each.name.equals(name)) ?? null);
  }

  return {
    async kind(path) {
      const found = await entry(path);
      return found.ok ? ok(found.value?.kind ?? null) : found;
    },
    async names(path) {
      const found = await directory(path);
      if (!found.ok) return found;
      return ok((found.value ?? []).map(({ name, kind }) => ({ name: name.toString(), kind })));
    },
    async read(path, limit) {
      const found = await entry(path);
      if (!found.ok) return found;
      const kind = found.value?.kind ?? null;
      if (found.value === null || kind === null) return err({ reason: 'missing', name: path });
      if (!isRegular(kind)) return err({ reason: 'not-a-file', name: path, kind });
      const object = await objects.read(found.value.sha, limit);
      if (object.ok) return ok(object.value.bytes);
      return object.error.reason === 'too-large' ? err({ ...object.error, name: path }) : object;
    },
  };
}

const isRegular = (kind: PathKind): boolean => kind === 'file' || kind === 'executable';

/** The files of a directory as they are on the disk now. */
export function diskTree(top: string): TreeReader {
  async function kind(path: string): Promise<Result<PathKind | null, GitFailure>> {
    const parts = path.split('/');
    for (const [index] of parts.entries()) {
      const found = status(join(top, ...parts.slice(0, index + 1)));
      if (!found.ok)
        return found.error.reason === 'missing' ? ok(null) : err({ reason: 'disk', failure: found.error });
      const { kind, mode } = found.value;
      if (index === parts.length - 1)
        return ok(kind === 'file' && (mode & 0o100) !== 0 ? 'executable' : kind);
      if (kind !== 'directory') return ok(null);
    }
    return ok(null);
  }

  return {
    kind,
    async names(path) {
      const found = path === '' ? ok('directory') : await kind(path);
      if (!found.ok) return found;
      if (found.value !== 'directory') return ok([]);
      const entries = listEntries(join(top, path));
      if (!entries.ok) return err({ reason: 'disk', failure: entries.error });
      return ok(entries.value.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))));
    },
    async read(path, limit) {
      const found = await kind(path);
      if (!found.ok) return found;
      if (found.value === null) return err({ reason: 'missing', name: path });
      if (!isRegular(found.value)) return err({ reason: 'not-a-file', name: path, kind: found.value });
      const size = status(join(top, path));
      if (size.ok && size.value.size > limit) {
        return err({ reason: 'too-large', name: path, size: size.value.size, limit });
      }
      const bytes = readBytes(join(top, path));
      return bytes.ok ? bytes : err({ reason: 'disk', failure: bytes.error });
    },
  };
}

export type SnapshotEntry =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  | { readonly kind: 'too-large'; readonly size: number }
  | { readonly kind: 'symlink' | 'submodule' | 'other' };

export type Snapshot = ReadonlyMap<string, SnapshotEntry>;

export type SnapshotOptions = {
  /** Which files to read; default all. */
  readonly wanted?: (path: string) => boolean;
  /** Bytes of one file; default 1 MiB. */
  readonly fileLimit?: number;
};

/**
 * Every wanted file below a directory at once, for a reader that can't wait in between. Keys are whole paths.
 * When `directory` itself is no directory but a symlink or a file, that is the one entry.
 */
export async function snapshot(
  tree: TreeReader,
  directory: string,
  options: SnapshotOptions = {},
): Promise<Result<Snapshot, GitFailure>> {
  const wanted = options.wanted ?? (() => true);
  const limit = options.fileLimit ?? 1024 * 1024;
  const entries = new Map<string, SnapshotEntry>();

  async function take(path: string, kind: PathKind): Promise<Result<void, GitFailure>> {
    if (kind === 'directory') return takeAll(path);
    if (!wanted(path)) return ok(undefined);
    if (!isRegular(kind)) {
      entries.set(path, { kind: kind === 'symlink' || kind === 'submodule' ? kind : 'other' });
      return ok(undefined);
    }
    const bytes = await tree.read(path, limit);
    if (bytes.ok) entries.set(path, { kind: 'file', bytes: bytes.value });
    else if (bytes.error.reason === 'too-large')
      entries.set(path, { kind: 'too-large', size: bytes.error.size });
    else if (bytes.error.reason !== 'missing') return bytes;
    return ok(undefined);
  }

  async function takeAll(path: string): Promise<Result<void, GitFailure>> {
    const names = await tree.names(path);
    if (!names.ok) return names;
    const taken = await Promise.all(
      names.value.map(({ name, kind }) => take(path === '' ? name : `${path}/${name}`, kind)),
    );
    return taken.find((each) => !each.ok) ?? ok(undefined);
  }

  const kind = directory === '' ? ok('directory' as const) : await tree.kind(directory);
  if (!kind.ok) return kind;
  const taken = kind.value === null ? ok(undefined) : await take(directory, kind.value);
  return taken.ok ? ok(entries) : taken;
}
