/**
 * Who a process is, so that nobody believes or kills a stranger who got the same pid.
 *
 * Linux: a pid with its start time is unique within one boot. Must not know: what a process is for.
 */
import { readText } from '../base/files.ts';
import { parseStat } from './proc.ts';

/** What `owner.yml` records. `start` is in clock ticks since boot (`/proc/PID/stat`, field 22). */
export type Identity = { readonly pid: number; readonly start: number; readonly boot: string };

/** With the process that asked: in a start-up snapshot it would be another's. */
let boot = { pid: 0, id: '' };

/** The kernel's id of this boot; empty where the system has none. */
export function bootId(): string {
  if (boot.pid !== process.pid) {
    const read = readText('/proc/sys/kernel/random/boot_id');
    boot = { pid: process.pid, id: read.ok ? read.value.trim() : '' };
  }
  return boot.id;
}

/** The identity of a living process (default: this one), or null when there is none with that pid. */
export function identify(pid: number = process.pid): Identity | null {
  const read = readText(`/proc/${pid}/stat`);
  const stat = read.ok ? parseStat(read.value) : null;
  if (stat === null || stat.dead) return null;
  return { pid, start: stat.start, boot: bootId() };
}

/** This process. */
export function self(): Identity {
  const me = identify();
  if (me === null) throw new Error('no /proc: quire runs on Linux only');
  return me;
}

/** Whether that very process still runs. A zombie is dead; after a reboot everybody is. */
export function isAlive(identity: Identity): boolean {
  const now = identity.boot === bootId() ? identify(identity.pid) : null;
  return now !== null && now.start === identity.start;
}

/** `pid/start/boot`, for a label or a log line. */
export const identityText = (identity: Identity): string =>
  `${identity.pid}/${identity.start}/${identity.boot}`;

/** The identity in such a text, or null when it is none. */
export function parseIdentity(text: string): Identity | null {
  const match = /^([1-9]\d{0,9})\/(\d{1,18})\/([0-9a-f-]{0,64})$/.exec(text);
  if (match === null) return null;
  return { pid: Number(match[1]), start: Number(match[2]), boot: match[3] ?? '' };
}
