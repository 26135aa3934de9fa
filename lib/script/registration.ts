/**
 * `quire.ci`: what a pipeline registers becomes a draft. A wrong argument is noted, not raised, so that all problems are told together.
 *
 * Must not know: the rules about a whole draft, how a run function is run.
 */
import type { Span } from '../base/diagnostic.ts';
import { nearestOfFew } from '../base/text.ts';
import {
  bytesOf,
  type Caller,
  type LuaFunction,
  LuaTable,
  type LuaValue,
  textOf,
  type Vm,
} from '../lua/vm.ts';
import {
  type CallFault,
  type Draft,
  type DraftImage,
  type DraftJob,
  defaultJobOptions,
  type JobOptions,
  type RunHandle,
} from '../pipeline/draft.ts';
import type { Pending } from './asking.ts';
import * as checks from './checks.ts';
import type { MirrorPlan } from './mirror.ts';

/** What is called when a job begins. */
export type Body =
  | { readonly kind: 'run'; readonly run: LuaFunction }
  | { readonly kind: 'mirror'; readonly plan: MirrorPlan };

export type Registration = {
  /** The functions `job`, `image` and `mirror`. */
  readonly functions: LuaTable;
  draft(): Draft;
  /** The body behind a handle of this draft. */
  bodyOf(handle: RunHandle): Body;
};

export type RegistrationOptions = {
  /** The place of the call that is running. */
  readonly spanOf: (caller: Caller) => Span;
  /** Whether a run function is running: then nothing can be registered any more. */
  readonly isRunning: () => boolean;
};

const jobKeys = ['inputs', 'run', 'timeout', 'retry', 'allow-failure', 'always', 'env'] as const;
const mirrorKeys = ['secret', 'refs', 'tag', 'after'] as const;

/** How each function is called: what to do about an argument of a wrong type. */
const usages = {
  'ci.job':
    '(ci.job :id [:quire/push] (fn [{: sh}] …)), or (ci.job :id {:inputs […] :run (fn …) …}) with options',
  'ci.image': '(ci.image "name:tag")',
  'ci.mirror':
    '(ci.mirror "https://…" {:secret … :refs […] :tag … :after […]}), where each option may be left out',
} as const;

export function createRegistration(vm: Vm<Pending>, options: RegistrationOptions): Registration {
  const jobs: DraftJob[] = [];
  const images: DraftImage[] = [];
  const faults: CallFault[] = [];
  const bodies: Body[] = [];
  let mirrors = 0;

  const keep = (body: Body): RunHandle => (bodies.push(body) - 1) as RunHandle;

  const registers = (
    name: keyof typeof usages,
    register: (args: LuaValue[], call: Call) => void,
  ): LuaFunction =>
    vm.native((args, caller) => {
      if (options.isRunning()) {
        caller.fail(
          `${name}: nothing can be registered inside a run function; call it at the top of the file`,
        );
      }
      const span = options.spanOf(caller);
      const call = new Call(name, span, faults, (value) => textOf(caller.tostring(value)));
      register(args, call);
      return [];
    });

  const job = registers('ci.job', (args, call) => {
    const id = call.check('the id', args[0] ?? null, checks.text);
    if (id === null) return;
    call.job = id;
    const given = formOf(args, call);
    if (given === null) return;
    // A misspelt key is told once, not as a missing one as well.
    const isMisspelt = (key: string): boolean => given.misspelt.includes(key);
    const run =
      given.run === null && isMisspelt('run')
        ? null
        : call.check(given.runName, given.run, checks.runFunction);
    const missing = isMisspelt('inputs') ? null : [];
    const inputs =
      given.inputs === undefined ? missing : call.check(given.inputsName, given.inputs, checks.names);
    jobs.push({
      id,
      builtIn: false,
      inputs,
      options: given.options === null ? defaultJobOptions : jobOptions(given.options, call),
      span: call.span,
      // A draft with a fault is never run.
      run: run === null ? (-1 as RunHandle) : keep({ kind: 'run', run }),
    });
  });

  const image = registers('ci.image', (args, call) => {
    const name = call.check('the image', args[0] ?? null, checks.filledText);
    if (name === null) return;
    // It becomes an argument of the engine's client.
    if (!/^[A-Za-z0-9][^\s\p{Cc}]*$/u.test(name))
      call.fault('bad-value', `${JSON.stringify(name)} is no image name`);
    images.push({ name, span: call.span });
  });

  const mirror = registers('ci.mirror', (args, call) => {
    call.code = 'bad-mirror';
    mirrors += 1;
    const id = mirrors === 1 ? 'quire/mirror' : `quire/mirror-${mirrors}`;
    call.job = id;
    const url = call.check('the url', args[0] ?? null, checks.remoteUrl);
    const settings =
      args[1] === undefined || args[1] === null
        ? vm.table()
        : call.check('the options', args[1], checks.table);
    if (settings === null) return;
    call.knownKeys(settings, mirrorKeys);
    const optional = <T>(key: string, check: checks.Check<T>): T | null =>
      call.optional(settings, key, check);
    const plan = {
      url: url ?? '',
      secret: optional('secret', checks.filledText),
      refs: optional('refs', refList),
      tag: optional<string | LuaFunction>('tag', (value) =>
        typeof value === 'string' ? checks.filledText(value) : checks.runFunction(value),
      ),
    };
    const after = optional('after', checks.names) ?? [];
    jobs.push({
      id,
      builtIn: true,
      inputs: ['quire/push', ...after],
      options: defaultJobOptions,
      span: call.span,
      run: keep({ kind: 'mirror', plan }),
    });
  });

  return {
    functions: vm.table([
      ['job', job],
      ['image', image],
      ['mirror', mirror],
    ]),
    draft: () => ({ jobs, images, faults }),
    bodyOf(handle) {
      const body = bodies[handle];
      if (body === undefined) throw new Error(`no run function has the handle ${handle}`);
      return body;
    },
  };
}

/** One registering call while its arguments are read. */
class Call {
  /** What its faults are told as; null: by what is wrong. */
  code: 'bad-mirror' | null = null;
  job: string | null = null;
  readonly span: Span;
  readonly #name: keyof typeof usages;
  readonly #faults: CallFault[];
  readonly #tostring: (value: LuaValue) => string;

  constructor(
    name: keyof typeof usages,
    span: Span,
    faults: CallFault[],
    tostring: (value: LuaValue) => string,
  ) {
    this.#name = name;
    this.span = span;
    this.#faults = faults;
    this.#tostring = tostring;
  }

  fault(code: CallFault['code'], about: string, hint: string | null = null): void {
    this.#faults.push({
      code: this.code ?? code,
      span: this.span,
      call: this.#name,
      job: this.job,
      about,
      hint,
    });
  }

  /** The checked value, or null after its fault was noted. */
  check<T>(what: string, value: LuaValue, check: checks.Check<T>): T | null {
    const checked = check(value);
    if (checked.ok) return checked.value;
    const { reason, says } = checked.error;
    const usage = reason === 'type' ? usages[this.#name] : null;
    this.fault(reason === 'type' ? 'wrong-type' : 'bad-value', `${what}${this.#of()} ${says}`, usage);
    return null;
  }

  optional<T>(settings: LuaTable, key: string, check: checks.Check<T>): T | null {
    const value = settings.get(bytesOf(key));
    return value === null ? null : this.check(`:${key}`, value, check);
  }

  /** Notes keys that are not known; gives those that they were probably meant to be. */
  knownKeys(settings: LuaTable, known: readonly string[]): readonly string[] {
    const meant: string[] = [];
    for (const [key] of settings.entries()) {
      const name = typeof key === 'string' ? textOf(key) : this.#tostring(key);
      if (typeof key === 'string' && known.includes(name)) continue;
      const near = nearestOfFew(name, known);
      if (near !== null) meant.push(near);
      const list = `the keys are ${known.map((one) => `:${one}`).join(' ')}`;
      const hint = near === null ? list : `did you mean :${near}? ${list}`;
      this.fault(
        'unknown-key',
        `unknown key ${typeof key === 'string' ? `:${name}` : name}${this.#of()}`,
        hint,
      );
    }
    return meant;
  }

  /** A number as the environment has it. */
  numberText = (value: LuaValue): string => this.#tostring(value);

  #of(): string {
    return this.job === null ? '' : ` of '${this.job}'`;
  }
}

type Form = {
  readonly inputs: LuaValue | undefined;
  readonly inputsName: string;
  readonly run: LuaValue;
  readonly runName: string;
  readonly options: LuaTable | null;
  /** Keys that were probably meant by unknown ones. */
  readonly misspelt: readonly string[];
};

/** Tells `(ci.job id inputs run)` from `(ci.job id {…})`. */
function formOf(args: readonly LuaValue[], call: Call): Form | null {
  const [, second = null, third] = args;
  const isMap = second instanceof LuaTable && third === undefined && second.length === 0;
  if (args.length > 3) {
    call.fault(
      'wrong-type',
      `takes an id, inputs and a run function, not ${args.length} arguments`,
      usages['ci.job'],
    );
    return null;
  }
  if (isMap) {
    const misspelt = call.knownKeys(second, jobKeys);
    const inputs = second.get('inputs');
    return {
      inputs: inputs === null ? undefined : inputs,
      inputsName: ':inputs',
      run: second.get('run'),
      runName: ':run',
      options: second,
      misspelt,
    };
  }
  return {
    inputs: second,
    inputsName: 'the inputs',
    run: third ?? null,
    runName: 'the run function',
    options: null,
    misspelt: [],
  };
}

function jobOptions(settings: LuaTable, call: Call): JobOptions {
  const or = <T, D>(key: string, check: checks.Check<T>, otherwise: D): T | D =>
    call.optional(settings, key, check) ?? otherwise;
  return {
    timeoutMs: or('timeout', checks.duration, defaultJobOptions.timeoutMs),
    retry: or('retry', checks.count, defaultJobOptions.retry),
    allowFailure: or('allow-failure', checks.yesOrNo, defaultJobOptions.allowFailure),
    always: or('always', checks.yesOrNo, defaultJobOptions.always),
    env: or('env', checks.environment(call.numberText), defaultJobOptions.env),
  };
}

const refList: checks.Check<string[]> = (value) => {
  const checked = checks.sequence('refs', checks.filledText)(value);
  return checked.ok && checked.value.length === 0 ? checks.unfit('must list at least one ref') : checked;
};
