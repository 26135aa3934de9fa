/**
 * The door of the room: `config.fnl`, evaluated and checked.
 *
 * A file may compute its table; it runs in the same sandbox and under the same limits as a pipeline.
 * Must not know: where the file lies, who obeys a setting.
 */
import { dirname, resolve } from 'node:path';
import { monotonic } from '../base/clock.ts';
import { type Diagnostic, diagnostic, pointSpan } from '../base/diagnostic.ts';
import { readBytes, sayFileFailure } from '../base/files.ts';
import type { Plain } from '../base/plain.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Evaluator } from '../evaluate/evaluator.ts';
import { plainData } from '../evaluate/plain-data.ts';
import { Meter } from '../lua/vm.ts';
import { checkConfig } from './check.ts';
import { placesIn } from './places.ts';
import { type ReadConfig, readLiteralConfig } from './quick.ts';

export type { ReadConfig } from './quick.ts';

/** Everything there is to say about a config file that evaluates. */
export type ExaminedConfig = ReadConfig & {
  /** What the file gave, as it is: secrets too. For showing, see `shownConfig`. */
  readonly value: Plain;
  readonly errors: readonly Diagnostic[];
};

/** Reads a config file; one that is missing means the defaults. */
export function readConfig(path: string): Result<ReadConfig, readonly Diagnostic[]> {
  const quick = readLiteralConfig(path);
  if (quick !== null) return quick;
  const read = readBytes(path);
  const examined = read.ok ? examineConfig(path, read.value) : unreadable(path, sayFileFailure(read.error));
  if (!examined.ok) return examined;
  const { config, errors, warnings } = examined.value;
  return errors.length > 0 ? err(errors) : ok({ config, warnings });
}

/** What evaluating a config file may take: the settings that say it for pipelines are inside. */
const ownLimits = { timeMs: 10_000, memoryBytes: 256 * 1024 * 1024 } as const;

/** Evaluates and checks the bytes of a config file. Faults of the text are an error, faults of settings a part of the answer. */
export function examineConfig(
  path: string,
  bytes: Uint8Array,
  limits: { readonly timeMs: number; readonly memoryBytes: number } = ownLimits,
): Result<ExaminedConfig, readonly Diagnostic[]> {
  const text = new TextDecoder().decode(bytes);
  const placeOf = placesIn({ name: path, text });
  const value = evaluate(path, text, placeOf, limits);
  if (!value.ok) return value;
  const checked = checkConfig(value.value, { placeOf, directory: dirname(resolve(path)) });
  return ok({ value: value.value, ...checked });
}

const unreadable = (path: string, message: string): Result<never, readonly Diagnostic[]> =>
  err([diagnostic({ code: 'unreadable', message, span: pointSpan(path, 1, 1) })]);

function evaluate(
  path: string,
  text: string,
  placeOf: ReturnType<typeof placesIn>,
  limits: { readonly timeMs: number; readonly memoryBytes: number },
): Result<Plain, readonly Diagnostic[]> {
  const meter = new Meter({ ...limits, clock: monotonic });
  const evaluator = new Evaluator({ meter, tree: { read: () => null } });
  const ran = evaluator.evaluate(path, text);
  if (!ran.ok) return err(ran.error.diagnostics);
  const [given = null] = ran.value;
  if (given === null) return ok(null);
  const data = plainData(given, 'the table');
  if (data.ok) return data;
  const { path: at, says } = data.error;
  const message = `a config file must give plain data: ${says}`;
  return err([diagnostic({ code: 'not-data', message, span: placeOf(at) })]);
}
