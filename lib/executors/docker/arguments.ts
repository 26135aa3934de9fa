/**
 * What is said to a container engine's client, as data.
 *
 * Pure: settings in, argument lists out. Must not know: how the client is called, or what it answers.
 */
import type { Identity } from '../../process/process.ts';
import { identityText } from '../../process/process.ts';
import type { DockerSettings } from '../executor.ts';

/** Where a container has the run's directories. */
export const places = { workspace: '/work', cache: '/cache' } as const;

export const labels = { run: 'quire.run', repo: 'quire.repo', owner: 'quire.owner' } as const;

/** The container's name. */
export const containerName = (run: string): string => `quire-${run}`;

/**
 * The tag of an image that a run built: `quire-ci/<repo>:<run id>`, the repository's name made into what
 * engines take as one (lower case, no separator at an end, none doubled).
 */
export function imageTag(repo: string, run: string): string {
  const name = repo
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '-')
    .replace(/[._-]{2,}/g, (separators) => separators.charAt(0))
    .replace(/^[._-]+|[._-]+$/g, '');
  return `quire-ci/${name === '' ? 'repo' : name}:${run}`;
}

/** Whether a run built that image. */
export const isRunImage = (tag: string): boolean => tag.startsWith('quire-ci/');

export const buildArguments = (build: {
  readonly tag: string;
  readonly run: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly network: string | undefined;
}): string[] => [
  'build',
  '--force-rm',
  ...['--tag', build.tag],
  ...['--label', `${labels.run}=${build.run}`],
  // A network of the operator's is there for containers; a build takes only these two from it.
  ...(build.network === 'none' || build.network === 'host' ? ['--network', build.network] : []),
  ...['--file', build.dockerfile],
  build.context,
];

/**
 * The container's own process: it waits, reaps what others leave (a shell in `wait` does, as process 1), and ends the
 * container after the ceiling. Written for any shell; the image must bring `sh` and `sleep`.
 */
const waiting = 'sleep "$0" & wait $!';

export type ContainerRequest = {
  readonly run: string;
  readonly dataDirectory: string;
  readonly owner: Identity;
  readonly workspace: string;
  readonly cache: string;
  readonly image: string;
  readonly lifeMs: number;
  readonly settings: DockerSettings;
};

export const runArguments = (request: ContainerRequest): string[] => {
  const { settings } = request;
  return [
    'run',
    '--detach',
    ...['--name', containerName(request.run)],
    ...['--label', `${labels.run}=${request.run}`],
    ...['--label', `${labels.repo}=${request.dataDirectory}`],
    ...['--label', `${labels.owner}=${identityText(request.owner)}`],
    ...['--mount', bind(request.workspace, places.workspace)],
    ...['--mount', bind(request.cache, places.cache)],
    ...(settings.volumes ?? []).flatMap((volume) => ['--volume', volume]),
    ...['--workdir', places.workspace],
    ...['--user', '0:0'],
    ...(settings.cpus === undefined ? [] : ['--cpus', String(settings.cpus)]),
    ...(settings.memory === undefined ? [] : ['--memory', settings.memory]),
    ...(settings.network === undefined ? [] : ['--network', settings.network]),
    '--no-healthcheck',
    ...['--pull', 'never'],
    ...['--entrypoint', 'sh'],
    request.image,
    ...['-c', waiting, String(Math.max(1, Math.ceil(request.lifeMs / 1000)))],
  ];
};

/** A bind mount in the engine's comma-separated words; a path with a comma or a quote is quoted as CSV is. */
function bind(source: string, target: string): string {
  const word = `source=${source}`;
  const safe = /[",\n]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
  return `type=bind,${safe},target=${target}`;
}

export type ExecRequest = {
  readonly container: string;
  /** Absolute, inside the container. */
  readonly workdir: string;
  /** Names of the client's own environment to hand on. */
  readonly names: readonly string[];
  readonly interactive: boolean;
  readonly argv: readonly string[];
};

export const execArguments = (request: ExecRequest): string[] => [
  'exec',
  ...(request.interactive ? ['--interactive'] : []),
  ...['--user', '0:0'],
  ...['--workdir', request.workdir],
  ...request.names.flatMap((name) => ['--env', name]),
  request.container,
  ...request.argv,
];

/** Prefix of a variable that could not travel under its own name. */
const detour = 'QUIRE_AS_';

export type Handover = {
  /** The client's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The names the client is told to hand on. */
  readonly names: readonly string[];
  readonly argv: readonly [string, ...string[]];
};

/**
 * A command's environment, carried in the client's: values never stand in an argument list. A name that the client
 * itself reads (`PATH`, `HOME`, `DOCKER_HOST` …) takes a detour and gets its name back inside.
 */
export function handOver(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  toolEnv: Readonly<Record<string, string>>,
): Handover {
  const carried: Record<string, string> = { ...toolEnv };
  const names: string[] = [];
  const renamed: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    const clash = name in toolEnv || clientReads.test(name);
    const carrier = clash ? `${detour}${name}` : name;
    if (clash) renamed.push(name);
    carried[carrier] = value;
    names.push(carrier);
  }
  if (renamed.length === 0) return { env: carried, names, argv };
  const script = renamed
    .map((name) => `export ${name}="$${detour}${name}"; unset ${detour}${name}`)
    .join('; ');
  return { env: carried, names, argv: ['sh', '-c', `${script}; exec "$@"`, 'sh', ...argv] };
}

/** Variables an engine's client takes as its own settings, set in our environment or not. */
const clientReads =
  /^(PATH|HOME|DOCKER_.*|BUILDKIT_.*|CONTAINER_.*|CONTAINERS_.*|PODMAN_.*|XDG_.*|SSH_.*|TMPDIR|GO[A-Z]+|LD_.*|[a-zA-Z]+_(proxy|PROXY)|no_proxy|NO_PROXY)$/;
