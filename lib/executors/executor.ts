/**
 * Where a run's commands happen: the one interface behind which a host, a container engine or another machine hides.
 *
 * Words only. Must not know: Lua, records on disk, or which executors there are (`registry.ts`).
 */
import type { Clock, Timestamp } from '../base/clock.ts';
import type { JobId, RunId } from '../base/ids.ts';
import type { Result } from '../base/result.ts';
import type {
  Command,
  CommandEnd,
  Environment,
  HearChunk,
  Identity,
  SpawnCommand,
} from '../process/process.ts';
import type { ExecutorFailure } from './failure.ts';

/** What an executor must know of one run. */
export type RunPlace = {
  readonly id: RunId;
  /** The repository's directory name without `.git`. */
  readonly repo: string;
  /** Absolute; what containers are labeled with. A local run gives the directory it works in. */
  readonly dataDirectory: string;
  /** Absolute; there already. */
  readonly workspace: string;
  /** Absolute; there already. */
  readonly cache: string;
  /** What `ci.image` said, or null. */
  readonly image: string | null;
  readonly docker: DockerSettings;
  /** The process that works on the run. */
  readonly owner: Identity;
  /** Whom the workspace's files belong to afterwards. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Nothing of the run may live longer: the run's timeout and some time to end. */
  readonly lifeMs: number;
  /** Between SIGTERM and SIGKILL; default 5 s. */
  readonly graceMs?: number;
  /** The environment of the executor's own programs (PATH, HOME, DOCKER_HOST …), never that of a command. */
  readonly toolEnv: Environment;
  /** Who starts the commands; default: this process. */
  readonly spawn?: SpawnCommand;
  readonly clock: Clock;
};

/** Config `:docker`. */
export type DockerSettings = {
  /** The client program; default `docker`. `podman` works as well. */
  readonly bin?: string;
  /** The image when neither the pipeline nor the commit has one. */
  readonly image?: string;
  /** Processors, may be a fraction; default: no limit. */
  readonly cpus?: number;
  /** As the engine writes it (`"2g"`); default: no limit. */
  readonly memory?: string;
  /** The engine's network name; default: the engine's. */
  readonly network?: string;
  /** `host:container[:options]`; default: none. */
  readonly volumes?: readonly string[];
};

/** The facts of `container.yml`; each event brings the ones that became known. */
export type ContainerFacts = {
  readonly engine?: string;
  readonly build_started_at?: Timestamp;
  readonly image_tag?: string;
  readonly build_finished_at?: Timestamp;
  readonly container_id?: string;
  readonly container_started_at?: Timestamp;
  readonly container_stopped_at?: Timestamp;
};

/** What an executor says besides commands' output: it belongs to the run, not to a job. */
export type ExecutorEvent =
  | { readonly kind: 'container'; readonly facts: ContainerFacts }
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'output'; readonly stream: 'out' | 'err'; readonly chunk: Buffer }
  | { readonly kind: 'note'; readonly text: string };

export type HearExecutor = (event: ExecutorEvent) => void | Promise<void>;

export type CommandSpec = {
  readonly job: JobId;
  readonly command: Command;
  /** Relative to the workspace, or null for the workspace itself. Outside of it, symlinks resolved, is refused. */
  readonly cwd: string | null;
  /** What the owner's machine gives (`HOME LANG TZ USER SHELL TMPDIR PATH`, config `:env` aside): true on the host only. */
  readonly hostEnv: Environment;
  /** Everything else; wins over `hostEnv`. The executor adds `QUIRE_CACHE` and its own mark. */
  readonly env: Environment;
  /** What the command reads; null is `/dev/null`. */
  readonly stdin: string | Uint8Array | null;
  /** Null: no limit of its own. */
  readonly timeoutMs: number | null;
};

/** One run's place, open from `start` to `stop`. */
export interface Session {
  /** Where commands find the cache, which they know as `QUIRE_CACHE`. */
  readonly cache: string;
  /**
   * Runs one command; a non-zero exit is an end, never a failure. Aborting `signal` ends it (`endedBy: 'canceled'`):
   * SIGTERM, 5 s, SIGKILL, for everything it started. Chunks of processes it left behind may still come until `stop`.
   */
  run(spec: CommandSpec, hear: HearChunk, signal: AbortSignal): Promise<Result<CommandEnd, ExecutorFailure>>;
  /** Ends everything a job started and left behind, in the same way. */
  endJob(job: JobId): Promise<Result<void, ExecutorFailure>>;
  /** Ends everything of the run. May be called again, and must be called on every way out. */
  stop(): Promise<Result<void, ExecutorFailure>>;
}

/** What is left of a run whose owner is dead. */
export type DeadRun = Pick<RunPlace, 'id' | 'dataDirectory' | 'docker' | 'user' | 'toolEnv' | 'clock'>;

export interface Executor {
  readonly name: string;
  /** Prepares the place. A failure leaves nothing behind. */
  start(place: RunPlace, hear: HearExecutor, signal: AbortSignal): Promise<Result<Session, ExecutorFailure>>;
  /** For recovery: ends whatever a dead owner's run left, until two looks find nothing. */
  recover(run: DeadRun, hear: HearExecutor): Promise<Result<void, ExecutorFailure>>;
}
