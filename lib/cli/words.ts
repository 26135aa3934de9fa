/**
 * How states, times and columns look in a terminal.
 *
 * Pure. Must not know: who prints them.
 */
import { parseTimestamp, type Timestamp } from '../base/clock.ts';
import { showDuration } from '../base/text.ts';
import type { JobState, RunState } from '../runs/states.ts';
import type { Paint, Style } from './colour.ts';

type AnyState = RunState | JobState;

const looks: Readonly<Record<AnyState, { readonly mark: string; readonly style: Style }>> = {
  pending: { mark: '○', style: 'dim' },
  active: { mark: '●', style: 'blue' },
  complete: { mark: '✔', style: 'green' },
  failed: { mark: '✘', style: 'red' },
  skipped: { mark: '–', style: 'dim' },
  replaced: { mark: '↷', style: 'dim' },
  canceled: { mark: '■', style: 'yellow' },
};

/** `✔ complete`: shape, word and colour say the same. */
export const sayState = (state: AnyState, paint: Paint): string =>
  paint(looks[state].style, `${looks[state].mark} ${state}`);

/** `3 min ago`; the date once it is more than a month. */
export function ago(stamp: Timestamp, now: number): string {
  const then = parseTimestamp(stamp);
  if (then === null) return stamp;
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  const days = Math.round(hours / 24);
  return days <= 30 ? `${days} days ago` : stamp.slice(0, 10);
}

/** How long from one stamp to the other (or to now); empty before the first. */
export function took(from: Timestamp | null, to: Timestamp | null, now: number): string {
  const began = from === null ? null : parseTimestamp(from);
  if (began === null) return '';
  return showDuration((to === null ? now : (parseTimestamp(to) ?? now)) - began);
}

const width = (text: string): number => Array.from(text.replace(/\u001b\[[\d;]*m/g, '')).length;

/** Rows as aligned columns, two spaces apart; columns that are empty everywhere are left out. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows
    .map((row) => {
      const cells = row.flatMap((cell, column) => {
        const wide = widths[column] ?? 0;
        return wide === 0 ? [] : [cell + ' '.repeat(wide - width(cell))];
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Cut to `most` characters, with a sign that it was. */
export function shortened(text: string, most: number): string {
  const letters = Array.from(text);
  return letters.length <= most ? text : `${letters.slice(0, Math.max(0, most - 1)).join('')}…`;
}
