/**
 * The operator's settings, checked: what `config.fnl` may say, and what holds when it says nothing.
 *
 * Words only; `read.ts` makes them from a file.
 * Must not know: who obeys a setting.
 */
import { availableParallelism } from 'node:os';
import type { SecretEntry } from '../secrets/secrets.ts';

export type DockerConfig = {
  /** The client program; default `docker`. */
  readonly bin: string;
  /** The image when neither the pipeline nor the commit has one; default none. */
  readonly image: string | null;
  /** Processors of a run's container; default no limit. */
  readonly cpus: number | null;
  /** As the engine writes it, such as `"2g"`; default no limit. */
  readonly memory: string | null;
  /** The engine's network name; default the engine's own. */
  readonly network: string | null;
  /** `host:container[:options]`; default none. */
  readonly volumes: readonly string[];
};

export type SiteConfig = {
  /** Where the site is served from, for links in the pusher's view; default null: the path of the file. */
  readonly url: string | null;
  /** Default null: the repository's name. */
  readonly title: string | null;
  /** Where it is written; default null: `site/` in the data directory. */
  readonly dir: string | null;
};

export type CleanupConfig = {
  /** How many finished runs stay; default null: all. */
  readonly keep: number | null;
  /** Finished runs older than this go; default null: none. */
  readonly olderThanMs: number | null;
  /** How many failed runs stay beside the others; default null: no special treatment. */
  readonly keepFailed: number | null;
};

/** Pushed to on every update, apart from pipelines. */
export type MirrorTarget = { readonly url: string; readonly secret: string | null };

export type Config = {
  readonly secrets: readonly SecretEntry[];
  /** A name in the registry of executors; default null: the registry's own default. */
  readonly executor: string | null;
  readonly docker: DockerConfig;
  /** Runs at a time in one data directory; default 1. */
  readonly maxRuns: number;
  /** Jobs at a time within a run; default the number of processors; 0 is unlimited. */
  readonly maxJobs: number;
  /** Whether the first failed job ends the run; default false. */
  readonly failFast: boolean;
  /** Of a run; default one hour. */
  readonly timeoutMs: number;
  /** Default 10 s. */
  readonly evalTimeoutMs: number;
  /** Default 256 MiB. */
  readonly evalMemoryBytes: number;
  /** Raw bytes of a job's log, over streams and attempts; default 256 MiB. */
  readonly logLimitBytes: number;
  /** Whether a newer run of a ref replaces the older ones; default true. */
  readonly replace: boolean;
  /** `PATH` of commands; default null: as it was at install. */
  readonly path: string | null;
  /** Added to every command's environment; default none. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the owner's variables that commands get as well; default none. */
  readonly passEnv: readonly string[];
  readonly site: SiteConfig;
  readonly cleanup: CleanupConfig;
  readonly mirrors: readonly MirrorTarget[];
};

const mebibyte = 1024 * 1024;

/** What holds without a config file. */
export const defaultConfig = (): Config => ({
  secrets: [],
  executor: null,
  docker: { bin: 'docker', image: null, cpus: null, memory: null, network: null, volumes: [] },
  maxRuns: 1,
  maxJobs: availableParallelism(),
  failFast: false,
  timeoutMs: 3_600_000,
  evalTimeoutMs: 10_000,
  evalMemoryBytes: 256 * mebibyte,
  logLimitBytes: 256 * mebibyte,
  replace: true,
  path: null,
  env: {},
  passEnv: [],
  site: { url: null, title: null, dir: null },
  cleanup: { keep: null, olderThanMs: null, keepFailed: null },
  mirrors: [],
});
