/**
 * A config file that computes nothing, read and checked without a VM: the way of every push.
 *
 * Must not know: evaluation (`read.ts`), which is loaded only when a file needs it.
 */
import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { readBytes } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { checkConfig } from './check.ts';
import { type Config, defaultConfig } from './config.ts';
import { literalValue } from './literal.ts';
import { placesIn } from './places.ts';

export type ReadConfig = { readonly config: Config; readonly warnings: readonly Diagnostic[] };

/** The settings of a file that is missing or one literal table; null when `readConfig` has to look. */
export function readLiteralConfig(path: string): Result<ReadConfig, readonly Diagnostic[]> | null {
  const read = readBytes(path);
  if (!read.ok) return read.error.reason === 'missing' ? ok({ config: defaultConfig(), warnings: [] }) : null;
  const text = new TextDecoder().decode(read.value);
  const value = literalValue(path, text);
  if (value === undefined) return null;
  const placeOf = placesIn({ name: path, text });
  const { config, errors, warnings } = checkConfig(value, { placeOf, directory: dirname(resolve(path)) });
  return errors.length > 0 ? err(errors) : ok({ config, warnings });
}
