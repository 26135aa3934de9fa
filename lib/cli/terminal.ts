/**
 * The terminal this process may stand in: its size, and a screen on it.
 *
 * Must not know: what is shown.
 */
import type { Output } from './context.ts';
import { plainScreen, type Screen, TerminalScreen } from './screen.ts';

/** A screen that draws in place on a terminal that can, and lines anywhere else. `stream` is where `out` writes to. */
export function screenOn(out: Output, stream: NodeJS.WriteStream): Screen {
  if (out.columns === null || process.env.TERM === 'dumb') return plainScreen(out);
  return new TerminalScreen(out, () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }));
}
