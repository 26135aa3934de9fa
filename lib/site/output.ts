/**
 * The files of the site: written by rename, only when their bytes differ, with modes that are set on purpose.
 *
 * One `Output` lives for one update. Its first failure stays with it and stops the writing that follows, so that the
 * callers, who only say what is to be written, look once at the end.
 * Must not know: what any page shows.
 */
import { dirname, join } from 'node:path';
import {
  changeMode,
  exists,
  type FileFailure,
  type FileResult,
  listEntries,
  makeDirectory,
  makeNewDirectory,
  openAppender,
  readBytes,
  readRange,
  remove,
  removeTree,
  rename,
  status,
  writeFile,
} from '../base/files.ts';

/** Who may read the site's files beside their owner. */
export type Readers = 'owner' | 'group' | 'everyone';

const modes: Readonly<Record<Readers, { readonly file: number; readonly directory: number }>> = {
  owner: { file: 0o600, directory: 0o700 },
  group: { file: 0o640, directory: 0o750 },
  everyone: { file: 0o644, directory: 0o755 },
};

/** A repository shared by a group has its site written by whoever of them pushed: directories pass the group on. */
function modesFor(readers: Readers, groupWrites: boolean): { file: number; directory: number } {
  const { file, directory } = modes[readers];
  return groupWrites ? { file: file | 0o060, directory: directory | 0o2070 } : { file, directory };
}

/** A file too long for memory: fed piece by piece, in place only when it is whole. Ended by one of the last two. */
export type LongFile = { add(text: string): void; commit(): void; drop(): void };

export class Output {
  readonly root: string;
  readonly #modes: { readonly file: number; readonly directory: number };
  readonly #known = new Set<string>();
  #failure: FileFailure | null = null;
  written: string[] = [];

  constructor(root: string, readers: Readers, groupWrites: boolean) {
    this.root = root;
    this.#modes = modesFor(readers, groupWrites);
  }

  get failure(): FileFailure | null {
    return this.#failure;
  }

  path(address: string): string {
    return join(this.root, address);
  }

  /** The bytes of a file of the site, or null when there is none. */
  read(address: string): Buffer | null {
    const bytes = readBytes(this.path(address));
    if (bytes.ok) return bytes.value;
    if (bytes.error.reason !== 'missing') this.#note(bytes);
    return null;
  }

  has(address: string): boolean {
    return exists(this.path(address));
  }

  write(address: string, content: string | Uint8Array): void {
    if (this.#failure !== null) return;
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const old = readBytes(this.path(address));
    if (old.ok && old.value.equals(bytes)) return;
    this.#directory(dirname(address));
    this.#note(writeFile(this.path(address), bytes, { mode: this.#modes.file, exact: true, durable: false }));
    this.written.push(address);
  }

  /** Begins a file that takes its place when it is committed. */
  long(address: string): LongFile {
    this.#directory(dirname(address));
    const path = this.path(address);
    const temporary = join(dirname(path), `.tmp-${process.pid}-long`);
    this.#note(remove(temporary));
    const opened = openAppender(temporary, this.#modes.file);
    if (!opened.ok) this.#note(opened);
    let held: string[] = [];
    let size = 0;
    const flush = (): void => {
      if (opened.ok && this.#failure === null && held.length > 0)
        this.#note(opened.value.append(held.join('')));
      held = [];
      size = 0;
    };
    return {
      add: (text) => {
        held.push(text);
        size += text.length;
        if (size > 256 * 1024) flush();
      },
      commit: () => {
        flush();
        if (opened.ok) this.#note(opened.value.close());
        if (this.#failure === null) this.#note(changeMode(temporary, this.#modes.file));
        if (this.#failure === null && !sameBytes(temporary, path)) {
          this.#note(rename(temporary, path));
          this.written.push(address);
        } else {
          remove(temporary);
        }
      },
      drop: () => {
        if (opened.ok) this.#note(opened.value.close());
        this.#note(remove(temporary));
      },
    };
  }

  /** Removes a file or a whole directory; one that is gone is fine. */
  remove(address: string): void {
    if (this.#failure === null) this.#note(removeTree(this.path(address)));
  }

  /** The names in a directory; none when it is missing. Stray temporary files are removed on the way. */
  names(address: string): string[] {
    const entries = listEntries(this.path(address));
    if (!entries.ok) {
      if (entries.error.reason !== 'missing') this.#note(entries);
      return [];
    }
    for (const entry of entries.value) {
      // All writing happens under the site's lock, so a temporary file seen here has lost its writer.
      if (entry.name.startsWith('.tmp-')) this.remove(join(address, entry.name));
    }
    return entries.value.map((entry) => entry.name).filter((name) => !name.startsWith('.'));
  }

  #directory(address: string): void {
    if (this.#failure !== null || this.#known.has(address)) return;
    this.#known.add(address);
    const mode = this.#modes.directory;
    if (exists(this.path(address))) return;
    if (address === '.' || address === '') {
      this.#note(makeDirectory(this.root, mode));
    } else {
      this.#directory(dirname(address));
      const made = makeNewDirectory(this.path(address), mode);
      if (!made.ok && made.error.reason !== 'exists') this.#note(made);
    }
    this.#note(changeMode(this.path(address), mode));
  }

  #note(result: FileResult<unknown>): void {
    if (!result.ok && this.#failure === null) this.#failure = result.error;
  }
}

/** Whether two files hold the same, read side by side; unreadable ones do not. */
function sameBytes(one: string, other: string): boolean {
  const [first, second] = [status(one), status(other)];
  if (!first.ok || !second.ok || first.value.size !== second.value.size) return false;
  const chunk = 256 * 1024;
  for (let offset = 0; offset < first.value.size; offset += chunk) {
    const [here, there] = [readRange(one, offset, chunk), readRange(other, offset, chunk)];
    if (!here.ok || !there.ok || !here.value.equals(there.value)) return false;
  }
  return true;
}
