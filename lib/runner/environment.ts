/**
 * The environment of a job's commands: built from an allow-list, so that nothing of the hook leaks in.
 *
 * Must not know: who runs the commands. Pure.
 */
import type { JobId } from '../base/ids.ts';

export type Environment = Readonly<Record<string, string>>;

export type RunFacts = {
  readonly repo: string;
  readonly run: string;
  readonly number: number;
  readonly sha: string;
  readonly ref: string;
  readonly branch: string | null;
  readonly tag: string | null;
};

/** What is passed on of the owner's own environment, and no more. */
const inherited = ['HOME', 'LANG', 'TZ', 'USER', 'SHELL', 'TMPDIR'] as const;

export type EnvironmentSources = {
  /** The environment of this process. */
  readonly owner: Readonly<Record<string, string | undefined>>;
  /** Config `:path`, or the PATH of the owner. */
  readonly path: string;
  /** Config `:pass-env`: names that are passed on when they are set. */
  readonly passed: readonly string[];
  /** Config `:env`. */
  readonly configured: Environment;
  readonly facts: RunFacts;
  readonly variables: Environment;
};

export type RunEnvironment = {
  /** What is true of the owner's machine only: a container has its own. */
  readonly host: Environment;
  /** True wherever the commands run. */
  readonly run: Environment;
};

/** The environment that all commands of a run share; a job's and a call's own `:env` go on top. */
export function runEnvironment(sources: EnvironmentSources): RunEnvironment {
  const { facts } = sources;
  const taken = (names: readonly string[]): Environment =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = sources.owner[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  return {
    host: { ...taken(inherited), PATH: sources.path },
    run: {
      ...taken(sources.passed),
      ...sources.configured,
      CI: 'true',
      QUIRE: 'true',
      QUIRE_REPO: facts.repo,
      QUIRE_RUN_ID: facts.run,
      QUIRE_RUN_NUMBER: String(facts.number),
      QUIRE_SHA: facts.sha,
      QUIRE_REF: facts.ref,
      QUIRE_BRANCH: facts.branch ?? '',
      QUIRE_TAG: facts.tag ?? '',
      ...sources.variables,
    },
  };
}

export const jobEnvironment = (shared: RunEnvironment, job: JobId, own: Environment): Environment => ({
  ...shared.run,
  ...own,
  QUIRE_JOB: job,
});

export type BadName = 'reserved' | 'not-an-identifier';

/** Why a name may not be set by a pipeline or a push, or null when it may. */
export function badVariableName(name: string): BadName | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'not-an-identifier';
  return name.startsWith('QUIRE_') ? 'reserved' : null;
}
