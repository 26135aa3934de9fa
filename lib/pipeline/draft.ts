/**
 * What a pipeline file registered, just as it said it: nothing here is checked yet.
 *
 * Must not know: Lua (a run function is a handle), rules, who evaluates.
 */
import type { Span } from '../base/diagnostic.ts';
import type { Brand } from '../base/ids.ts';

/** Stands for the run function of a registration; only the room that made it can call it. */
export type RunHandle = Brand<number, 'RunHandle'>;

export type JobOptions = {
  /** Milliseconds one attempt may take; default null: only the run's own limit counts. */
  readonly timeoutMs: number | null;
  /** How many more times a failed attempt is tried; default 0. */
  readonly retry: number;
  /** Whether the run may be complete although this job failed; default false. */
  readonly allowFailure: boolean;
  /** Whether it runs although an input failed; default false. */
  readonly always: boolean;
  /** Added to the environment of its commands; default none. */
  readonly env: Readonly<Record<string, string>>;
};

export const defaultJobOptions: JobOptions = {
  timeoutMs: null,
  retry: 0,
  allowFailure: false,
  always: false,
  env: {},
};

export type DraftJob = {
  readonly id: string;
  /** Made by quire itself (`quire/mirror`): the rules for ids don't hold for it. */
  readonly builtIn: boolean;
  /** Null when what was given is no list of names; that fault is told apart. */
  readonly inputs: readonly string[] | null;
  readonly options: JobOptions;
  /** The call that registered it. */
  readonly span: Span;
  readonly run: RunHandle;
};

export type DraftImage = { readonly name: string; readonly span: Span };

/** What is wrong with the arguments of one registering call, found while it was called. */
export type CallFault = {
  readonly code: 'wrong-type' | 'unknown-key' | 'bad-value' | 'bad-mirror';
  readonly span: Span;
  /** The function that was called, such as `ci.job`. */
  readonly call: string;
  readonly job: string | null;
  /** What is wrong, without the name of the function: `:retry must be a whole number, not "x"`. */
  readonly about: string;
  /** What to write instead, when that is known. */
  readonly hint: string | null;
};

export type Draft = {
  /** In the order of registration. */
  readonly jobs: readonly DraftJob[];
  readonly images: readonly DraftImage[];
  readonly faults: readonly CallFault[];
};

/** What starts a run: names that are inputs without being jobs. */
export const sources = ['quire/push'] as const;
export type SourceId = (typeof sources)[number];

export const isSource = (name: string): name is SourceId => (sources as readonly string[]).includes(name);
