/**
 * The disk: the one file that imports `node:fs`, so that every call can be made to fail in a test.
 *
 * Calls are synchronous: records are small, and an order of writes is only an argument when nothing runs between.
 * Must not know: what any file means.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { err, ok, type Result } from './result.ts';

export type FileFailure = {
  /** `missing` and `exists` are ordinary answers; the others are the machine's trouble. */
  readonly reason: 'missing' | 'exists' | 'denied' | 'full' | 'not-a-file' | 'not-empty' | 'io';
  readonly operation: string;
  readonly path: string;
  /** The system's own code, such as `ENOSPC`. */
  readonly code: string;
};

export type FileResult<T> = Result<T, FileFailure>;

/** As bytes where a name need not be UTF-8: git allows any. */
export type Path = string | Buffer;

const reasons: Readonly<Record<string, FileFailure['reason']>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EEXIST: 'exists',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EISDIR: 'not-a-file',
  ELOOP: 'not-a-file',
  ENOTEMPTY: 'not-empty',
};

/** One sentence for people. */
export const sayFileFailure = (failure: FileFailure): string =>
  `could not ${failure.operation} ${failure.path}: ${failure.code}`;

/** Called before every operation; a code it returns is the failure of that operation. For tests only. */
export type FaultPlan = (operation: string, path: string) => string | null;

let faultPlan: FaultPlan | null = null;

/** Makes file operations fail as planned, until called again with null. */
export function planFaults(plan: FaultPlan | null): void {
  faultPlan = plan;
}

function attempt<T>(operation: string, where: Path, work: () => T): FileResult<T> {
  const path = where.toString();
  const planned = faultPlan?.(operation, path) ?? null;
  if (planned !== null) return err({ reason: reasons[planned] ?? 'io', operation, path, code: planned });
  try {
    return ok(work());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return err({ reason: reasons[code] ?? 'io', operation, path, code });
  }
}

export const readBytes = (path: string): FileResult<Buffer> =>
  attempt('read', path, () => fs.readFileSync(path));

/** Text as UTF-8; other bytes become U+FFFD. */
export const readText = (path: string): FileResult<string> =>
  attempt('read', path, () => fs.readFileSync(path, 'utf8'));

/** At most `length` bytes from `offset`; fewer at the end of the file. */
export const readRange = (path: string, offset: number, length: number): FileResult<Buffer> =>
  attempt('read', path, () => {
    const descriptor = fs.openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const count = fs.readSync(descriptor, bytes, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    } finally {
      fs.closeSync(descriptor);
    }
  });

let temporaryCount = 0;

/** A name beside `path` that begins with a dot, so that no reader takes it for a record. */
const temporaryBeside = (path: string): string => {
  temporaryCount += 1;
  return join(dirname(path), `.tmp-${process.pid}-${temporaryCount}-${basename(path).slice(0, 60)}`);
};

export type WriteOptions = {
  /** Permission bits of a new file; default 0o666 less the umask. */
  readonly mode?: number;
  /** Whether a file gets exactly `mode`, whatever the umask; default false. */
  readonly exact?: boolean;
  /** Whether the bytes and the name must survive a power loss; default true. */
  readonly durable?: boolean;
};

function setMode(descriptor: number, options: WriteOptions): void {
  if (options.exact && options.mode !== undefined) fs.fchmodSync(descriptor, options.mode);
}

/**
 * Replaces a file: write a temporary one beside it, fsync, rename, fsync the directory.
 * A death before the rename leaves the old file and a dotted stray; after it, the new file. Nobody sees half.
 */
export function writeFile(
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): FileResult<void> {
  const durable = options.durable ?? true;
  const temporary = temporaryBeside(path);
  const written = attempt('write', path, () => {
    const descriptor = fs.openSync(temporary, 'wx', options.mode ?? 0o666);
    try {
      setMode(descriptor, options);
      fs.writeFileSync(descriptor, content);
      if (durable) fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });
  const renamed = written.ok ? rename(temporary, path) : written;
  if (!renamed.ok) {
    attempt('remove', temporary, () => fs.rmSync(temporary, { force: true }));
    return renamed;
  }
  return durable ? syncDirectory(dirname(path)) : ok(undefined);
}

/** Writes a file that must not exist yet and is not looked at before its directory is renamed into place. */
export const writeNewFile = (
  path: Path,
  content: string | Uint8Array,
  options: WriteOptions = {},
): FileResult<void> =>
  attempt('write', path, () => {
    const descriptor = fs.openSync(path, 'wx', options.mode ?? 0o666);
    try {
      setMode(descriptor, options);
      fs.writeFileSync(descriptor, content);
      if (options.durable ?? true) fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });

/** An open file that only grows. */
export type Appender = {
  append(bytes: string | Uint8Array): FileResult<void>;
  sync(): FileResult<void>;
  close(): FileResult<void>;
};

/** Opens for appending, made when missing; never follows a symlink as the last part of the path. */
export function openAppender(path: Path, mode = 0o666): FileResult<Appender> {
  const flags =
    fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW;
  const opened = attempt('open', path, () => fs.openSync(path, flags, mode));
  if (!opened.ok) return opened;
  return ok(appenderOn(opened.value, path));
}

const appenderOn = (descriptor: number, path: Path): Appender => ({
  append: (bytes) => attempt('append to', path, () => fs.writeFileSync(descriptor, bytes)),
  sync: () => attempt('sync', path, () => fs.fsyncSync(descriptor)),
  close: () => attempt('close', path, () => fs.closeSync(descriptor)),
});

/** The standard error as it is, for a process that says one thing and ends: a stream for it takes a while to make. */
export const standardError: Appender = appenderOn(2, 'standard error');

/** Opens for writing from the beginning, what was there cut off; follows symlinks, as a shell's `>` does. */
export function openWriter(path: string): FileResult<Appender> {
  const opened = attempt('open', path, () => fs.openSync(path, 'w'));
  if (!opened.ok) return opened;
  return ok(appenderOn(opened.value, path));
}

export type NonBlockingWriter = {
  /** How many bytes were taken: 0 when the reader leaves no room. */
  write(bytes: Uint8Array): FileResult<number>;
  close(): FileResult<void>;
};

/** A pipe or terminal by a path such as `/proc/self/fd/2`, opened anew, so that no write to it ever waits. */
export function openNonBlockingWriter(path: string): FileResult<NonBlockingWriter> {
  const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_APPEND;
  const opened = attempt('open', path, () => fs.openSync(path, flags));
  if (!opened.ok) return opened;
  return ok({
    write: (bytes) => {
      const written = attempt('write', path, () => fs.writeSync(opened.value, bytes));
      return !written.ok && written.error.code === 'EAGAIN' ? ok(0) : written;
    },
    close: () => attempt('close', path, () => fs.closeSync(opened.value)),
  });
}

/** Cuts a file to `length` bytes. */
export const truncate = (path: string, length: number): FileResult<void> =>
  attempt('truncate', path, () => fs.truncateSync(path, length));

export const rename = (from: string, to: string): FileResult<void> =>
  attempt('rename', from, () => fs.renameSync(from, to));

export const syncFile = (path: string): FileResult<void> =>
  attempt('sync', path, () => {
    const descriptor = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });

/** Makes the names in a directory survive a power loss. */
export const syncDirectory = syncFile;

/** Makes a directory and its missing parents; one that is there already is fine. */
export const makeDirectory = (path: string, mode = 0o777): FileResult<void> =>
  attempt('make', path, () => makeBelow(path, mode, true));

/** Not Node's own recursion: below `/proc`, where nobody can make anything, that one never ends. */
function makeBelow(path: string, mode: number, mayMakeParent: boolean): void {
  try {
    fs.mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(path);
    if (code === 'ENOENT' && mayMakeParent && parent !== path) {
      makeBelow(parent, mode, true);
      makeBelow(path, mode, false);
    } else if (code !== 'EEXIST' || !fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes one directory that must not exist yet (`exists` otherwise). */
export const makeNewDirectory = (path: Path, mode = 0o777): FileResult<void> =>
  attempt('make', path, () => fs.mkdirSync(path, { mode }));

/** A new directory whose name begins with `prefix` (a whole path). */
export const makeTemporaryDirectory = (prefix: string): FileResult<string> =>
  attempt('make', prefix, () => fs.mkdtempSync(prefix));

/** The names in a directory, sorted by code unit. */
export const list = (path: string): FileResult<string[]> =>
  attempt('list', path, () => fs.readdirSync(path).sort());

export type Entry = { readonly name: string; readonly kind: FileKind };
export type FileKind = 'file' | 'directory' | 'symlink' | 'other';

const kindOf = (entry: fs.Dirent | fs.Stats): FileKind => {
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isDirectory()) return 'directory';
  return entry.isFile() ? 'file' : 'other';
};

export const listEntries = (path: string): FileResult<Entry[]> =>
  attempt('list', path, () =>
    fs.readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
  );

export type Status = {
  readonly kind: FileKind;
  readonly size: number;
  readonly modifiedAt: number;
  readonly mode: number;
  readonly owner: number;
  readonly inode: number;
};

/** What is at a path, symlinks not followed. Nothing there is no exception: making one costs twenty looks. */
export function status(path: string): FileResult<Status> {
  const operation = 'look at';
  const found = attempt(operation, path, () => fs.lstatSync(path, { throwIfNoEntry: false }));
  if (!found.ok) return found;
  const stats = found.value;
  if (stats === undefined) return err({ reason: 'missing', operation, path, code: 'ENOENT' });
  return ok({
    kind: kindOf(stats),
    size: stats.size,
    modifiedAt: stats.mtimeMs,
    mode: stats.mode & 0o7777,
    owner: stats.uid,
    inode: stats.ino,
  });
}

export const exists = (path: string): boolean => status(path).ok;

/** What an ordinary user may still write on the file system of a path. */
export const freeSpace = (path: string): FileResult<{ readonly bytes: number; readonly files: number }> =>
  attempt('look at', path, () => {
    const found = fs.statfsSync(path);
    return { bytes: found.bavail * found.bsize, files: found.ffree };
  });

/** Removes a file or a symlink itself; a missing one is fine. */
export const remove = (path: string): FileResult<void> =>
  attempt('remove', path, () => fs.rmSync(path, { force: true }));

/** Removes a tree; symlinks in it are removed, never followed. */
export const removeTree = (path: string): FileResult<void> =>
  attempt('remove', path, () => fs.rmSync(path, { recursive: true, force: true, maxRetries: 2 }));

export const changeMode = (path: string, mode: number): FileResult<void> =>
  attempt('change the mode of', path, () => fs.chmodSync(path, mode));

export const readLink = (path: string): FileResult<string> =>
  attempt('read', path, () => fs.readlinkSync(path));

/** Points a symlink at `target`, replacing by rename what was at `path`. */
export function replaceLink(path: string, target: string): FileResult<void> {
  const temporary = temporaryBeside(path);
  const made = attempt('link', path, () => fs.symlinkSync(target, temporary));
  return made.ok ? rename(temporary, path) : made;
}

export const makeLink = (path: Path, target: Path): FileResult<void> =>
  attempt('link', path, () => fs.symlinkSync(target, path));

/** The path with every symlink resolved. */
export const realPath = (path: string): FileResult<string> =>
  attempt('resolve', path, () => fs.realpathSync.native(path));

export const copyFile = (from: string, to: string): FileResult<void> =>
  attempt('copy', from, () => fs.copyFileSync(from, to));

/** An open descriptor for a neighbour that needs one (a lock, a child's stdin); the caller closes it. */
export const openDescriptor = (path: string, flags: string, mode = 0o666): FileResult<number> =>
  attempt('open', path, () => fs.openSync(path, flags, mode));

/** A descriptor that reads a FIFO and waits for nobody. */
export const openFifo = (path: string): FileResult<number> =>
  attempt('open', path, () => fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK));

/** Reads into a buffer what is there; 0 is the end. Where more could come, but nothing is there yet: `EAGAIN`. */
export const readNow = (descriptor: number, buffer: Buffer): FileResult<number> =>
  attempt('read', String(descriptor), () => fs.readSync(descriptor, buffer));

/** Where other processes of this user can open what a descriptor of this one has open. */
export const descriptorPath = (descriptor: number): string => `/proc/${process.pid}/fd/${descriptor}`;

export const closeDescriptor = (descriptor: number): FileResult<void> =>
  attempt('close', String(descriptor), () => fs.closeSync(descriptor));

export type Watcher = { close(): void };

/** Calls `heard` when a name in a directory changes. A wake-up only: it may come late, twice or not at all. */
export const watchDirectory = (path: string, heard: () => void): FileResult<Watcher> =>
  attempt('watch', path, () => {
    const watcher = fs.watch(path, { persistent: false }, heard);
    watcher.on('error', () => watcher.close());
    return watcher;
  });
