/**
 * What every site gets as it is: stylesheet, script, icons, schemas.
 *
 * Must not know: what any of them is.
 */
import { type Entry, type FileFailure, listEntries, readBytes } from '../base/files.ts';
import type { Output } from './output.ts';

/** Copies a directory into the site; answers the first trouble with reading it. */
export function copyAssets(output: Output, from: string, to = 'assets'): FileFailure | null {
  const entries = listEntries(from);
  if (!entries.ok) return entries.error;
  for (const entry of entries.value.filter(isAsset)) {
    const [source, address] = [`${from}/${entry.name}`, `${to}/${entry.name}`];
    if (entry.kind === 'directory') {
      const trouble = copyAssets(output, source, address);
      if (trouble !== null) return trouble;
    } else {
      const bytes = readBytes(source);
      if (!bytes.ok) return bytes.error;
      output.write(address, bytes.value);
    }
  }
  return null;
}

const isAsset = (entry: Entry): boolean => !entry.name.startsWith('.') && entry.kind !== 'symlink';
