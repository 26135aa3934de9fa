/**
 * Whether a mirror's other side is one that git may be run in.
 *
 * Git runs the hooks and reads the config of a repository on this machine as us, and on this machine even when the
 * jobs are in a container. So none that a job could have made may be pushed to, or from.
 * Must not know: git's work, or who asks.
 */
import { resolve, sep } from 'node:path';
import { realPath } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';

/** Fails when `url` is a path on this machine within one of the directories. Relative paths are git's: from `gitDir`. */
export function refuseInside(
  url: string,
  gitDir: string,
  forbidden: readonly string[],
): Result<void, string> {
  const path = localPath(url);
  if (path === null) return ok(undefined);
  const at = real(resolve(gitDir, path));
  const inside = forbidden.some((directory) => `${at}${sep}`.startsWith(`${real(directory)}${sep}`));
  return inside
    ? err(`${visible(url)} is where jobs may write: a repository there is not pushed to`)
    : ok(undefined);
}

/** The path that git would take a URL for, or null: a colon before the first slash is a host or a protocol. */
function localPath(url: string): string | null {
  if (/^file:\/\//i.test(url)) {
    const path = url.replace(/^file:\/\/[^/]*/i, '');
    return /%(?![0-9a-f]{2})/i.test(path) ? path : Buffer.from(unescapeBytes(path), 'latin1').toString();
  }
  return /^[^/]*:/.test(url) ? null : url;
}

const unescapeBytes = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** What is not there yet is judged by the nearest directory that is. */
function real(path: string): string {
  const found = realPath(path);
  if (found.ok || path === sep) return found.ok ? found.value : path;
  const parent = resolve(path, '..');
  return resolve(real(parent), path.slice(parent.length).replace(/^\/+/, ''));
}
