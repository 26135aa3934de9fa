/**
 * What a command reads, as a file that has no name any more.
 *
 * Not a pipe: `cat /dev/stdin` opens it a second time, which on a FIFO waits for a writer for ever; and nobody has to
 * feed it while the command runs. Must not know: what is in it.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDescriptor, remove, writeNewFile } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { fileTrouble, type StartFailure } from './command.ts';

/** Memory first: an input may be a secret. A disk only when that is full or missing. */
const directories = ['/dev/shm', tmpdir()];

/** A descriptor that reads the text from its beginning; the caller closes it. */
export function openInput(text: string | Uint8Array): Result<number, StartFailure> {
  let failed: Result<never, StartFailure> = err({ reason: 'io', code: 'ENOENT', detail: tmpdir() });
  for (const directory of directories) {
    const path = join(directory, `quire-input-${process.pid}-${crypto.randomUUID()}`);
    const written = writeNewFile(path, text, { mode: 0o600, durable: false });
    const opened = written.ok ? openDescriptor(path, 'r') : written;
    remove(path);
    if (opened.ok) return ok(opened.value);
    failed = err(fileTrouble(opened.error));
  }
  return failed;
}
