/**
 * Starts one process through zx: the only file that imports it.
 *
 * zx's own streams, store and messages are switched off: the child gets descriptors. Its exit is heard of where zx
 * hears of it, before zx has made an answer of it. Must not know: who is at the other end of a descriptor.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { $, Options } from 'zx/core';
import { closeDescriptor, openDescriptor } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  argvOf,
  type Command,
  type Environment,
  fileTrouble,
  type StartFailure,
  shellPath,
} from './command.ts';
import { type Attempt, explainStart } from './explain.ts';
import { type Identity, identify } from './identity.ts';

/** What the child's first three descriptors open: the first for reading, the others for writing; null is `/dev/null`. */
export type Stdio = readonly [input: string | null, out: string | null, errors: string | null];

export type SpawnOptions = {
  readonly cwd: string;
  readonly env: Environment;
  /** `NAME=value`, set besides. */
  readonly mark?: string | undefined;
  /** May name descriptors of another process, through `/proc`: they are opened when the command is started. */
  readonly stdio: Stdio;
  /** Told once, and never before `SpawnCommand` has returned. */
  readonly ended: (end: SpawnEnd) => void;
};

export type SpawnEnd =
  /** Whatever the process left behind still runs. */
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not-started'; readonly failure: StartFailure }
  /** Nobody is left who could know. */
  | { readonly kind: 'lost' };

/** A command on its way. */
export type Spawned = {
  /** The leader of what was started; null when it is over, or never began. */
  identity(): Promise<Identity | null>;
};

/** Starts a command as the leader of its own session and process group. */
export type SpawnCommand = (command: Command, options: SpawnOptions) => Spawned;

/** Every option is said, so that no `ZX_…` in our own environment has a say. */
const quiet: Partial<Options> = {
  quiet: true,
  verbose: false,
  nothrow: true,
  shell: shellPath,
  prefix: '',
  postfix: '',
  preferLocal: false,
  quote: (text) => text,
};

/** A call of zx that has got as far as it can without its command: zx calls `start` in a moment. */
type Call = (text: string, start: () => ChildProcess) => void;

/** The call of the next command: it takes zx as long as a small part of a fork, and is made while the last one runs. */
let ready: Call | null = null;

let loading: Promise<$> | null = null;

/** A process that starts no command does not pay for zx. */
async function nextCall(): Promise<Call> {
  loading ??= import('zx/core').then((zx) => Object.assign(zx.$, quiet));
  return callZx(await loading);
}

/** Starts a command from this process. */
export const spawnCommand: SpawnCommand = (command, options) => {
  const attempt = { argv: argvOf(command), env: marked(options), cwd: options.cwd };
  let child: ChildProcess | null = null;
  const over = (end: SpawnEnd): void => {
    child = null;
    options.ended(end);
  };
  const failed = (failure: StartFailure): void => over({ kind: 'not-started', failure });
  const stdio = open(options.stdio);
  if (!stdio.ok) {
    queueMicrotask(() => failed(stdio.error));
    return { identity: async () => null };
  }
  const begun = new Promise<void>((begins) => {
    const start = (): ChildProcess => {
      try {
        const started = begin(attempt, stdio.value);
        started.on('error', (error) => {
          if (started.pid === undefined) failed(explainStart(error, attempt));
        });
        started.once('exit', (code, signal) => over({ kind: 'exited', code, signal }));
        child = started;
        return started;
      } catch (error) {
        // Where it waited for the text, zx would let this go as a rejection that nobody hears.
        failed(explainStart(error, attempt));
        return nobody();
      } finally {
        close(stdio.value);
        begins();
        setImmediate(makeReady);
      }
    };
    const text = 'shell' in command ? command.shell : command.argv[0];
    if (ready === null) void nextCall().then((call) => call(text, start));
    else ready(text, start);
    ready = null;
  });
  return {
    identity: async () => {
      await begun;
      // Until its exit is told it has not been waited for: that pid is nobody else's.
      return child?.pid === undefined ? null : identify(child.pid);
    },
  };
};

async function makeReady(): Promise<void> {
  ready ??= await nextCall();
}

function marked({ env, mark }: SpawnOptions): Environment {
  if (mark === undefined) return env;
  const equals = mark.indexOf('=');
  return { ...env, [mark.slice(0, equals)]: mark.slice(equals + 1) };
}

/** zx waits for the text of a call that is a promise. */
function callZx(shell: $): Call {
  let start = (): ChildProcess => nobody();
  let tell = (_text: string): void => {};
  const text = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const store = { stdout: [], stderr: [], stdall: [] };
  // Set on the shell itself. Options given to a call would travel in zx's async storage, and the first use of that
  // slows every promise of this process.
  Object.assign(shell, { store, spawn: (() => start()) as typeof spawn });
  void shell(Object.assign(['', ''], { raw: ['', ''] }), text);
  return (command, begin) => {
    start = begin;
    tell(command);
  };
}

type Descriptors = [number | null, number | null, number | null];

function open(stdio: Stdio): Result<Descriptors, StartFailure> {
  const descriptors: Descriptors = [null, null, null];
  for (const [at, path] of stdio.entries()) {
    if (path === null) continue;
    const opened = openDescriptor(path, at === 0 ? 'r' : 'w');
    if (!opened.ok) {
      close(descriptors);
      return err(fileTrouble(opened.error));
    }
    descriptors[at] = opened.value;
  }
  return ok(descriptors);
}

function close(descriptors: Descriptors): void {
  for (const descriptor of descriptors) if (descriptor !== null) closeDescriptor(descriptor);
}

function begin({ argv, cwd, env }: Attempt, stdio: Descriptors): ChildProcess {
  const [program, ...args] = argv;
  return spawn(program, args, { cwd, env, stdio: stdio.map((each) => each ?? 'ignore'), detached: true });
}

/** A child that never was: nothing is ever heard of it. */
const nobody = (): ChildProcess => new EventEmitter() as ChildProcess;
