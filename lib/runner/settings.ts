/**
 * The operator's settings at the moment they are needed: a broken file is an answer, never a lost push.
 *
 * Must not know: what any setting is for.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { place } from '../base/draw.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Config } from '../config/config.ts';
import { readLiteralConfig } from '../config/quick.ts';
import type { DockerSettings } from '../executors/executor.ts';
import { configFile, type Store } from '../store/store.ts';

export type Settings = { readonly config: Config; readonly warnings: readonly string[] };

/** The settings, or one text with every fault of the file, each with its place. */
export async function settingsOf(store: Store): Promise<Result<Settings, string>> {
  const path = configFile(store);
  // Most files compute nothing; what evaluates the others is not loaded for these.
  const read = readLiteralConfig(path) ?? (await import('../config/read.ts')).readConfig(path);
  if (!read.ok) return err(`the settings have faults: ${read.error.map(sayShort).join('; ')}`);
  return ok({ config: read.value.config, warnings: read.value.warnings.map(sayShort) });
}

export type IntakeSettings = { readonly replace: boolean; readonly mirrors: boolean };

/** What intake has to know. A file that can't be read loses no update: it is kept until the file is mended. */
export const intakeSettings = (settings: Result<Settings, string>): IntakeSettings =>
  settings.ok
    ? { replace: settings.value.config.replace, mirrors: settings.value.config.mirrors.length > 0 }
    : { replace: true, mirrors: true };

const sayShort = ({ message, span, hint }: Diagnostic): string =>
  `${span === null ? '' : `${place(span)}: `}${message}${hint === null ? '' : ` (${hint})`}`;

/** What a pipeline's evaluation may take. */
export const scriptLimits = ({ evalTimeoutMs, evalMemoryBytes }: Config) => ({
  timeMs: evalTimeoutMs,
  memoryBytes: evalMemoryBytes,
});

/** `:docker` as an executor wants it: what is not set is absent. */
export const dockerOf = ({ docker }: Config): DockerSettings =>
  Object.fromEntries(Object.entries(docker).filter(([, value]) => value !== null));

/** The same for recovery, which goes on with the defaults when the file is broken. */
export async function dockerSettings(store: Store): Promise<DockerSettings> {
  const settings = await settingsOf(store);
  return settings.ok ? dockerOf(settings.value.config) : {};
}
