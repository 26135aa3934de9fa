/** What most of this room's tests start a command with. */
import { tmpdir } from 'node:os';
import type { RunOptions } from '../../lib/process/process.ts';

/** A mark of this name and nothing else to speak of. */
export const plainOptions = (name: string): Omit<RunOptions, 'hear'> => ({
  cwd: tmpdir(),
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  mark: `QUIRE_PROCESS_MARK=${name}/`,
  stdin: null,
  timeoutMs: null,
  signal: new AbortController().signal,
});
