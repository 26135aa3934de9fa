/**
 * What tells one content of a file from another.
 *
 * Must not know: who asks.
 */
import { createHash } from 'node:crypto';
import { readBytes, readLink, type Status, status } from '../base/files.ts';
import type { Content } from './origins.ts';

/** Reading a larger file would take longer than a run may wait: its size and time must do. */
const largestRead = 16 * 1024 * 1024;

const gone: Content = { digest: 'gone', savedAt: 0 };

/** Null for a directory: its files speak for it. */
export function contentAt(path: string): Content | null {
  const found = status(path);
  if (!found.ok) return gone;
  const digest = digestOf(path, found.value);
  return digest === null ? null : { digest, savedAt: found.value.modifiedAt };
}

function digestOf(path: string, { kind, size, modifiedAt, mode }: Status): string | null {
  const executable = (mode & 0o100) !== 0 ? 'x' : '-';
  switch (kind) {
    case 'directory':
      return null;
    case 'symlink': {
      const target = readLink(path);
      return target.ok ? `-> ${target.value}` : 'gone';
    }
    case 'other':
      return 'other';
    case 'file': {
      if (size > largestRead) return `${executable} ${size} ${modifiedAt}`;
      const bytes = readBytes(path);
      return bytes.ok ? `${executable} ${createHash('sha1').update(bytes.value).digest('base64')}` : 'gone';
    }
  }
}
