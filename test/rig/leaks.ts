/**
 * Looks for secrets where none may be: in files, byte by byte, in the forms people forget; in the arguments of processes.
 *
 * Knows nothing of how quire masks: the forms are made here anew.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';

/** A value as it is, percent-encoded, in hex, and the part of its base64 that does not depend on what is around it. */
export function formsOf(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => {
    const around = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = around.subarray(0, around.length - (around.length % 3)).toString('base64');
    return whole.slice(Math.ceil((offset * 8) / 6));
  });
  const hex = bytes.toString('hex');
  const safe = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const texts = [value, encodeURIComponent(value), hex, hex.toUpperCase(), ...base64, ...safe];
  return [...new Set(texts)].map((text) => Buffer.from(text));
}

/** Where any of the values stands in a text. */
export const leaksIn = (text: string | Buffer, values: readonly string[]): string[] =>
  values.flatMap((value) =>
    formsOf(value)
      .filter((form) => Buffer.from(text).includes(form))
      .map((form) => form.toString()),
  );

/** The files below a directory that hold any of the values, in their names too; `but` are paths that may. */
export function leaksBelow(
  directory: string,
  values: readonly string[],
  but: readonly string[] = [],
): string[] {
  return fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => !but.includes(path))
    .flatMap((path) => {
      const bytes = bytesOf(path);
      return leaksIn(Buffer.concat([Buffer.from(`${path}\n`), Buffer.from(bytes)]), values).map(
        (form) => `${path}: ${form}`,
      );
    });
}

/** A temporary file may be renamed between the listing and the look; it is read under its own name then. */
function bytesOf(path: string): Buffer {
  try {
    return fs.lstatSync(path).isFile() ? fs.readFileSync(path) : Buffer.alloc(0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** The arguments of every process of the machine, looked at again and again until it is closed. */
export class ArgumentWatch {
  readonly seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.look(), 5);
  }

  look(): void {
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        this.seen.add(fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
      } catch {
        // It ended in this instant.
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
