/**
 * Which executors there are. Another one is a line here and a file beside `host.ts`.
 *
 * Must not know: how any of them works.
 */
import { err, ok, type Result } from '../base/result.ts';
import { nearest, visible } from '../base/text.ts';
import { docker } from './docker/docker.ts';
import type { Executor } from './executor.ts';
import { host } from './host.ts';

/** By name. */
export const executors: ReadonlyMap<string, Executor> = new Map(
  [host, docker].map((executor) => [executor.name, executor]),
);

/** The one that is used when nothing names another. */
export const defaultExecutor = host.name;

export type UnknownExecutor = {
  readonly reason: 'unknown-executor';
  readonly name: string;
  readonly known: readonly string[];
  /** The known name that was probably meant, or null. */
  readonly nearest: string | null;
};

export function executorNamed(name: string): Result<Executor, UnknownExecutor> {
  const found = executors.get(name);
  if (found !== undefined) return ok(found);
  const known = [...executors.keys()];
  return err({ reason: 'unknown-executor', name, known, nearest: nearest(name, known) });
}

export function sayUnknownExecutor({ name, known, nearest: near }: UnknownExecutor): string {
  const hint = near === null ? `there are: ${known.join(', ')}` : `did you mean '${near}'?`;
  return `there is no executor '${visible(name)}'; ${hint}`;
}
