/**
 * Files that only grow, a record a line: what a kill or a power loss left of a last line is cut off before the
 * next is written.
 *
 * Must not know: what a line says.
 */
import { type FileResult, readRange, status, truncate } from '../base/files.ts';
import { ok } from '../base/result.ts';

const chunkSize = 64 * 1024;

/** Cuts the file after its last newline; answers its length. Only for whoever may write it. */
export function cutTornLine(path: string): FileResult<number> {
  const size = status(path);
  if (!size.ok) return size;
  const whole = wholeLength(path, size.value.size);
  if (!whole.ok || whole.value === size.value.size) return whole;
  const cut = truncate(path, whole.value);
  return cut.ok ? whole : cut;
}

function wholeLength(path: string, size: number): FileResult<number> {
  let end = size;
  while (end > 0) {
    const from = Math.max(0, end - chunkSize);
    const bytes = readRange(path, from, end - from);
    if (!bytes.ok) return bytes;
    const newline = bytes.value.lastIndexOf(0x0a);
    if (newline >= 0) return ok(from + newline + 1);
    end = from;
  }
  return ok(0);
}
