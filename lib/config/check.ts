/**
 * Plain data to checked settings, by a table of keys: an unknown key is a warning, a wrong type an error with its place.
 *
 * Pure. Must not know: Fennel, the disk.
 */
import { resolve } from 'node:path';
import { type Diagnostic, diagnostic, type Span } from '../base/diagnostic.ts';
import type { Plain } from '../base/plain.ts';
import { nearestOfFew } from '../base/text.ts';
import type { SecretEntry, SecretSource } from '../secrets/secrets.ts';
import { type Config, defaultConfig, type MirrorTarget } from './config.ts';
import {
  bytesOfSize,
  count,
  duration,
  environmentOf,
  flag,
  isMap,
  type Kind,
  type PlainMap,
  positive,
  positiveCount,
  sequenceOf,
  text,
  variableName,
} from './kinds.ts';

/** The way to a value: `["docker", "cpus"]`. */
export type KeyPath = readonly string[];

export type CheckOptions = {
  /** Where the value at a path was written; of what was computed, the nearest place that is known. */
  readonly placeOf: (path: KeyPath) => Span;
  /** What relative paths in the file are relative to; absolute. */
  readonly directory: string;
};

export type Checked = {
  /** Defaults where a key is absent or at fault. */
  readonly config: Config;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
};

/** Checks what a config file gave; null is an empty file. */
export function checkConfig(value: Plain, options: CheckOptions): Checked {
  const findings = new Findings(options);
  const root = value === null ? {} : value;
  if (!isMap(root)) {
    findings.error([], 'wrong-type', 'a config file must give one table');
    return { config: defaultConfig(), errors: findings.errors, warnings: [] };
  }
  const config = settings(new Section(root, [], findings), options);
  return { config, errors: findings.errors, warnings: findings.warnings };
}

class Findings {
  readonly errors: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];
  readonly #options: CheckOptions;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  error(path: KeyPath, code: 'wrong-type' | 'bad-value', message: string, hint: string | null = null): void {
    this.errors.push(diagnostic({ code, message, span: this.#options.placeOf(path), hint }));
  }

  warn(path: KeyPath, code: 'unknown-key' | 'unknown-secret', message: string, hint: string): void {
    this.warnings.push(diagnostic({ code, message, span: this.#options.placeOf(path), hint }));
  }
}

/** One table of the file while its keys are read. */
class Section {
  readonly map: PlainMap;
  readonly path: KeyPath;
  readonly #findings: Findings;
  readonly #asked: string[] = [];

  constructor(map: PlainMap, path: KeyPath, findings: Findings) {
    this.map = map;
    this.path = path;
    this.#findings = findings;
  }

  /** The value of a key, or `otherwise` when it is absent or at fault. */
  get<T, D>(key: string, kind: Kind<T>, otherwise: D): T | D {
    this.#asked.push(key);
    const value = this.map[key];
    if (value === undefined || value === null) return otherwise;
    const read = kind.read(value);
    if (read !== null) return read.value;
    this.wrong([key], kind.wanted);
    return otherwise;
  }

  /** A table inside of this one; an absent one is empty. */
  section(key: string): Section {
    this.#asked.push(key);
    const value = this.map[key] ?? {};
    if (!isMap(value)) this.wrong([key], 'a table');
    return new Section(isMap(value) ? value : {}, [...this.path, key], this.#findings);
  }

  /** Any value: the caller reads it. */
  raw(key: string): Plain {
    this.#asked.push(key);
    return this.map[key] ?? null;
  }

  /** Warns of the keys that nobody asked for. */
  end(): void {
    for (const key of Object.keys(this.map)) {
      if (this.#asked.includes(key)) continue;
      const near = nearestOfFew(key, this.#asked);
      const known = `known are ${this.#asked.map((one) => `:${one}`).join(' ')}`;
      const hint = near === null ? known : `did you mean :${near}? ${known}`;
      this.#findings.warn(
        [...this.path, key],
        'unknown-key',
        `unknown key ${keyText([...this.path, key])}`,
        hint,
      );
    }
  }

  wrong(below: KeyPath, wanted: string): void {
    const path = [...this.path, ...below];
    this.#findings.error(path, 'wrong-type', `${keyText(path)} must be ${wanted}`);
  }

  warn(below: KeyPath, message: string, hint: string): void {
    this.#findings.warn([...this.path, ...below], 'unknown-secret', message, hint);
  }
}

/** `:docker :cpus`, as one would look for it in the file. */
const keyText = (path: KeyPath): string =>
  path.map((key) => (/^[^\s()[\]{}"';,`]+$/.test(key) ? `:${key}` : JSON.stringify(key))).join(' ');

function settings(top: Section, options: CheckOptions): Config {
  const base = defaultConfig();
  const directory: Kind<string> = {
    ...text,
    read: (value) => {
      const path = text.read(value);
      return path === null ? null : { value: resolve(options.directory, path.value) };
    },
  };
  const secrets = secretsOf(top, options);
  const docker = top.section('docker');
  const site = top.section('site');
  const cleanup = top.section('cleanup');
  const config: Config = {
    secrets,
    executor: top.get('executor', text, base.executor),
    docker: {
      bin: docker.get('bin', text, base.docker.bin),
      image: docker.get('image', text, base.docker.image),
      cpus: docker.get('cpus', positive, base.docker.cpus),
      memory: docker.get('memory', text, base.docker.memory),
      network: docker.get('network', text, base.docker.network),
      volumes: docker.get('volumes', sequenceOf('strings', text), base.docker.volumes),
    },
    maxRuns: top.get('max-runs', positiveCount, base.maxRuns),
    maxJobs: top.get('max-jobs', count, base.maxJobs),
    failFast: top.get('fail-fast', flag, base.failFast),
    timeoutMs: top.get('timeout', duration, base.timeoutMs),
    evalTimeoutMs: top.get('eval-timeout', duration, base.evalTimeoutMs),
    evalMemoryBytes: top.get('eval-memory', bytesOfSize, base.evalMemoryBytes),
    logLimitBytes: top.get('log-limit', bytesOfSize, base.logLimitBytes),
    replace: top.get('replace', flag, base.replace),
    path: top.get('path', text, base.path),
    env: top.get('env', environmentOf, base.env),
    passEnv: top.get('pass-env', sequenceOf('names of variables', variableName), base.passEnv),
    site: {
      url: site.get('url', text, base.site.url),
      title: site.get('title', text, base.site.title),
      dir: site.get('dir', directory, base.site.dir),
    },
    cleanup: {
      keep: cleanup.get('keep', count, base.cleanup.keep),
      olderThanMs: cleanup.get('older-than', duration, base.cleanup.olderThanMs),
      keepFailed: cleanup.get('keep-failed', count, base.cleanup.keepFailed),
    },
    mirrors: mirrorsOf(top, secrets),
  };
  for (const section of [top, docker, site, cleanup]) section.end();
  return config;
}

const secretForms = 'a string, {:file path}, {:env NAME} or {:value … :refs […]}';

function secretsOf(top: Section, options: CheckOptions): SecretEntry[] {
  const all = top.section('secrets');
  return Object.keys(all.map).flatMap((name): SecretEntry[] => {
    const value = all.raw(name);
    if (typeof value === 'string') return [{ name, source: { from: 'text', text: value }, refs: null }];
    if (!isMap(value)) {
      all.wrong([name], secretForms);
      return [];
    }
    const section = all.section(name);
    const wrapped = section.raw('value');
    const refs =
      section.raw('refs') === null ? null : section.get('refs', sequenceOf('refs', text), 'unreadable');
    const source = sourceOf(wrapped ?? value, options);
    if (wrapped === null) for (const key of ['file', 'env']) section.raw(key);
    section.end();
    if (source === null) all.wrong(wrapped === null ? [name] : [name, 'value'], secretForms);
    // A secret whose limits can't be read must not be given to everyone.
    return source === null || refs === 'unreadable' ? [] : [{ name, source, refs }];
  });
}

function sourceOf(value: Plain, options: CheckOptions): SecretSource | null {
  if (typeof value === 'string') return { from: 'text', text: value };
  if (!isMap(value)) return null;
  const { file, env } = value;
  if (typeof file === 'string' && file !== '' && env === undefined) {
    return { from: 'file', path: resolve(options.directory, file) };
  }
  const variable = env === undefined || file !== undefined ? null : variableName.read(env);
  return variable === null ? null : { from: 'environment', variable: variable.value };
}

/** `{url secret-name}`; a URL that needs no secret has `false`, or stands in a plain sequence. */
function mirrorsOf(top: Section, secrets: readonly SecretEntry[]): MirrorTarget[] {
  const given = top.raw('mirrors') ?? {};
  const urls = sequenceOf('URLs', text).read(given);
  if (urls !== null) return urls.value.map((url) => ({ url, secret: null }));
  if (!isMap(given)) {
    top.wrong(['mirrors'], 'a table of URLs and names of secrets');
    return [];
  }
  const known = secrets.map(({ name }) => name);
  return Object.entries(given).flatMap(([url, secret]): MirrorTarget[] => {
    if (secret === false) return [{ url, secret: null }];
    if (typeof secret !== 'string') {
      top.wrong(['mirrors', url], 'the name of a secret, or false');
      return [];
    }
    if (!known.includes(secret)) {
      const near = nearestOfFew(secret, known);
      const hint = near === null ? 'add it to :secrets' : `did you mean '${near}'?`;
      top.warn(['mirrors', url], `there is no secret '${secret}'`, hint);
    }
    return [{ url, secret }];
  });
}
