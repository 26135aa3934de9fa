/**
 * A commit's tree, written into a directory: exactly its bytes, whatever attributes, filters and line ends say.
 *
 * Must not know: workspaces, runs.
 */
import {
  type Appender,
  type FileResult,
  makeLink,
  makeNewDirectory,
  openAppender,
  writeNewFile,
} from '../base/files.ts';
import type { Sha } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { unreachable } from '../base/unreachable.ts';
import type { GitFailure } from './failure.ts';
import type { ObjectHead, Objects } from './objects.ts';
import type { TreeEntry, TreeKind } from './tree-entries.ts';

export type WrittenTree = { readonly files: number; readonly bytes: number };

/** A file up to this size is kept until it is whole and written at once; a larger one is written as it comes. */
const wholeFile = 1024 * 1024;

/**
 * Writes into `directory`, which is there and empty. Executable bits are kept, symlinks are links, submodules empty
 * directories. No name of the tree leads out of the directory: each directory is made new, each file too, so
 * a symlink of the tree is never gone through. On a failure what was written stays for the caller to remove.
 */
export async function writeTree(
  objects: Objects,
  commit: Sha,
  directory: string,
  signal?: AbortSignal,
): Promise<Result<WrittenTree, GitFailure>> {
  const writing = new Writing(objects);
  const stop = (): void => writing.cancel();
  if (signal?.aborted) return err({ reason: 'canceled' });
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const facts = await objects.commit(commit);
    if (!facts.ok) return facts;
    await writing.directory(facts.value.tree, Buffer.from(directory), '');
    return writing.failure === null
      ? ok({ files: writing.files, bytes: writing.bytes })
      : err(writing.failure);
  } finally {
    signal?.removeEventListener('abort', stop);
    writing.close();
  }
}

class Writing {
  files = 0;
  bytes = 0;
  /** The first one; it ends the writing. */
  failure: GitFailure | null = null;
  readonly #objects: Objects;
  /** The large file that is arriving. */
  #open: Appender | null = null;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  cancel(): void {
    this.#fail({ reason: 'canceled' });
  }

  close(): void {
    this.#open?.close();
    this.#open = null;
  }

  /** Fills a directory that exists: what is in it is asked for at once, and written as the answers come. */
  async directory(tree: Sha, path: Buffer, shown: string): Promise<void> {
    if (this.failure !== null) return;
    const entries = await this.#objects.tree(tree);
    if (!entries.ok) return this.#fail(entries.error);
    const waiting: Promise<void>[] = [];
    for (const entry of entries.value) {
      if (this.failure !== null) break;
      const name = entry.name.toString();
      const below = this.#entry(entry, path, shown === '' ? name : `${shown}/${name}`);
      if (below !== null) waiting.push(below);
    }
    await Promise.all(waiting);
  }

  #entry(entry: TreeEntry, parent: Buffer, shown: string): Promise<void> | null {
    if (!isSafeName(entry.name)) {
      this.#fail({ reason: 'unsafe-name', name: shown });
      return null;
    }
    const path = Buffer.concat([parent, slash, entry.name]);
    switch (entry.kind) {
      case 'submodule':
        this.#disk(makeNewDirectory(path));
        return null;
      case 'directory':
        return this.#disk(makeNewDirectory(path)) ? this.directory(entry.sha, path, shown) : null;
      case 'file':
      case 'executable':
      case 'symlink':
        return this.#file(entry.sha, entry.kind, path);
      default:
        return unreachable(entry.kind);
    }
  }

  async #file(sha: Sha, kind: LeafKind, path: Buffer): Promise<void> {
    const head = await this.#objects.ask(sha, { open: (arriving) => this.#receive(arriving, kind, path) });
    if (!head.ok) this.#fail(head.error);
    else if (head.value.type !== 'blob') this.#fail({ reason: 'malformed', name: sha });
  }

  #receive(head: ObjectHead, kind: LeafKind, path: Buffer): ((piece: Buffer) => void) | null {
    if (this.failure !== null || head.type !== 'blob') return null;
    this.files += 1;
    this.bytes += head.size;
    const mode = kind === 'executable' ? 0o777 : 0o666;
    if (kind !== 'symlink' && head.size > wholeFile) return this.#receiveLarge(head.size, mode, path);
    const write = (content: Buffer): void => {
      const made =
        kind === 'symlink' ? makeLink(path, content) : writeNewFile(path, content, { mode, durable: false });
      this.#disk(made);
    };
    const pieces: Buffer[] = [];
    let left = head.size;
    if (left === 0) write(Buffer.alloc(0));
    return (piece) => {
      left -= piece.length;
      pieces.push(piece);
      if (left === 0) write(pieces.length === 1 ? piece : Buffer.concat(pieces));
    };
  }

  #receiveLarge(size: number, mode: number, path: Buffer): ((piece: Buffer) => void) | null {
    if (!this.#disk(writeNewFile(path, '', { mode, durable: false }))) return null;
    const opened = openAppender(path, mode);
    if (!this.#disk(opened) || !opened.ok) return null;
    const file = opened.value;
    this.#open = file;
    let left = size;
    return (piece) => {
      if (this.failure !== null) return;
      left -= piece.length;
      this.#disk(file.append(piece));
      if (left === 0) this.close();
    };
  }

  #disk<T>(result: FileResult<T>): boolean {
    if (!result.ok) this.#fail({ reason: 'disk', failure: result.error });
    return result.ok;
  }

  #fail(failure: GitFailure): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.#objects.abandon();
  }
}

type LeafKind = Exclude<TreeKind, 'directory' | 'submodule'>;

const slash = Buffer.from('/');

const isSafeName = (name: Buffer): boolean =>
  name.length > 0 && !name.includes('/') && !/^(?:\.|\.\.|\.git)$/i.test(name.toString('latin1'));
