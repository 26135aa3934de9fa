/**
 * A command's context that records what is printed, so that a command can be tested without starting a process.
 *
 * Must not know: any command.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paintWith } from '../../lib/cli/colour.ts';
import { type Context, installationOf, type Output } from '../../lib/cli/context.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export type Recording = Context & {
  /** What was printed so far. */
  out(): string;
  err(): string;
  /** What `--json` printed. */
  json(): unknown;
};

export type RecordingOptions = Partial<
  Pick<Context, 'cwd' | 'repo' | 'env' | 'clock' | 'installation' | 'interruption'>
> & { readonly colours?: boolean };

export function recording(options: RecordingOptions = {}): Recording {
  const chunks = { out: [] as Buffer[], err: [] as Buffer[] };
  const output = (name: 'out' | 'err'): Output => ({
    write: (text) => {
      chunks[name].push(Buffer.from(text));
    },
    drained: async () => {},
    paint: paintWith(options.colours ?? false),
    colours: options.colours ?? false,
    columns: null,
  });
  const text = (name: 'out' | 'err'): string => Buffer.concat(chunks[name]).toString();
  return {
    stdout: output('out'),
    stderr: output('err'),
    cwd: options.cwd ?? root,
    env: options.env ?? { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    clock: options.clock ?? Date.now,
    repo: options.repo ?? null,
    installation: options.installation ?? installationOf(join(root, 'bin', 'quire')),
    interruption: options.interruption ?? (() => new AbortController().signal),
    out: () => text('out'),
    err: () => text('err'),
    json: () => JSON.parse(text('out')),
  };
}
