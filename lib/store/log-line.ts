/**
 * One entry of a `log.yml` and the line it stands on.
 *
 * Must not know: how lines get to the disk. Output, the one hot kind, is written by `log-text.ts`.
 */
import { quoted } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { LogEntry } from '../runs/records.ts';
import { Fields } from './fields.ts';
import { isMap, parseLine } from './yaml.ts';

/** Every entry but output. */
export type Mark = Exclude<LogEntry, { kind: 'output' }>;

export function markText(mark: Mark): string {
  switch (mark.kind) {
    case 'command':
      return `- {"sh": ${mark.sh}, "cmd": ${quoted(mark.cmd)}, "at": ${quoted(mark.at)}}\n`;
    case 'exit': {
      const signal = mark.signal === null ? '' : `, "signal": ${quoted(mark.signal)}`;
      return `- {"exit": ${mark.exit}${signal}, "t": ${mark.t}}\n`;
    }
    case 'note':
      return `- {"note": ${quoted(mark.text)}, "at": ${quoted(mark.at)}}\n`;
    case 'attempt':
      return `- {"attempt": ${mark.attempt}, "at": ${quoted(mark.at)}}\n`;
    case 'truncated':
      return '- {"truncated": true}\n';
    default:
      return unreachable(mark);
  }
}

/** The entry of a line, or null for a line that is none. Only within `reading`. */
export function parseLogLine(line: string): LogEntry | null {
  const data = parseLine(line);
  if (!data.ok || !isMap(data.value)) return null;
  const fields = new Fields(data.value);
  const entry = entryOf(fields);
  return fields.problem === null ? entry : null;
}

function entryOf(fields: Fields): LogEntry | null {
  for (const stream of ['out', 'err'] as const) {
    if (fields.has(stream)) {
      const bytes = Buffer.from(fields.text(stream));
      return { kind: 'output', stream, bytes, t: fields.integer('t', 0) };
    }
    if (fields.has(`${stream}64`)) {
      const bytes = fields.bytesOrNull(`${stream}64`) ?? Buffer.alloc(0);
      return { kind: 'output', stream, bytes, t: fields.integer('t', 0) };
    }
  }
  if (fields.has('cmd')) {
    return { kind: 'command', sh: fields.integer('sh', 1), cmd: fields.text('cmd'), at: fields.time('at') };
  }
  if (fields.has('exit')) {
    const signal = fields.textOrNull('signal');
    return { kind: 'exit', exit: fields.integer('exit', -1), signal, t: fields.integer('t', 0) };
  }
  if (fields.has('note')) return { kind: 'note', text: fields.text('note'), at: fields.time('at') };
  if (fields.has('attempt')) {
    return { kind: 'attempt', attempt: fields.integer('attempt', 1), at: fields.time('at') };
  }
  return fields.raw('truncated') === true ? { kind: 'truncated' } : null;
}
