/**
 * `/proc` as data: one process's stat line, and all processes that carry a mark in their environment.
 *
 * Must not know: what is done with what is found.
 */
import { list, readBytes, readText } from '../base/files.ts';

export type Stat = {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks between boot and the start of the process. */
  readonly start: number;
  /** A zombie, or about to be gone: nothing of it runs any more. */
  readonly dead: boolean;
};

/** Reads `/proc/PID/stat`. The second field is the program's name and may hold spaces and brackets itself. */
export function parseStat(text: string): Stat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const start = fields[19];
  if (state === undefined || start === undefined) return null;
  return {
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    start: Number(start),
    dead: state === 'Z' || state === 'X',
  };
}

export type Found = { readonly pid: number; readonly start: number };

/** What makes a process one of ours. */
export type Search = {
  /** `NAME=value`; an environment entry that begins with it counts. */
  readonly mark: string;
  /** Also everything in the session this process leads or led, or null. Only sound while that pid can't be reused. */
  readonly session: number | null;
};

/**
 * Every living process that fits, this one aside. An environment that may not be read belongs to somebody else.
 * Costs two small reads per process of the machine, about 20 µs each.
 */
export function findProcesses(search: Search): Found[] {
  const names = list('/proc');
  if (!names.ok) return [];
  const first = Buffer.from(search.mark);
  const later = Buffer.from(`\0${search.mark}`);
  const found: Found[] = [];
  for (const name of names.value) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const marked = carries(pid, first, later);
    if (!marked && search.session === null) continue;
    const read = readText(`/proc/${pid}/stat`);
    const stat = read.ok ? parseStat(read.value) : null;
    if (stat === null || stat.dead) continue;
    const near =
      search.session !== null && (stat.session === search.session || stat.group === search.session);
    if (marked || near) found.push({ pid, start: stat.start });
  }
  return found;
}

function carries(pid: number, first: Buffer, later: Buffer): boolean {
  const environ = readBytes(`/proc/${pid}/environ`);
  if (!environ.ok) return false;
  return environ.value.subarray(0, first.length).equals(first) || environ.value.includes(later);
}

/** Whether that very process, started then, still runs. */
export function stillRuns(found: Found): boolean {
  const read = readText(`/proc/${found.pid}/stat`);
  const stat = read.ok ? parseStat(read.value) : null;
  return stat !== null && !stat.dead && stat.start === found.start;
}
