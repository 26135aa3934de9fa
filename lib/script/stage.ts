/**
 * A VM made ready for a pipeline: its modules, its `print`, and who is running in it.
 *
 * Must not know: how an attempt is walked, when one begins or ends.
 */
import { monotonic } from '../base/clock.ts';
import { pointSpan } from '../base/diagnostic.ts';
import { refMatches } from '../base/ids.ts';
import { nearestOfFew } from '../base/text.ts';
import { Evaluator } from '../evaluate/evaluator.ts';
import {
  bytesOf,
  type LuaFunction,
  type LuaTable,
  type LuaValue,
  Meter,
  type Source,
  textOf,
  type Vm,
} from '../lua/vm.ts';
import type { Job } from '../pipeline/pipeline.ts';
import type { Attempt, Pending } from './asking.ts';
import * as checks from './checks.ts';
import { readSource } from './entry.ts';
import { type MirrorPlan, plannedMirror, stdlibMirror } from './mirror.ts';
import { ciMacros, mirrorModule, printModule } from './modules.ts';
import { createRegistration, type Registration } from './registration.ts';
import { createPrimitives, type PrimitiveName, primitiveNames } from './runtime.ts';
import { defaultLimits, type EvaluateOptions, fileName, limitsOf, type Tree } from './script.ts';

/** The pipeline that a stage is for. `main` is what its file is called. */
export type Scene = { readonly tree: Tree; readonly main: string; readonly options: EvaluateOptions };

/** A VM set up for a pipeline: its modules, and who is running in it. */
export type Stage = {
  readonly evaluator: Evaluator<Pending>;
  readonly registration: Registration;
  readonly runtime: LuaTable;
  readonly printed: readonly string[];
  /** Lets primitives know whose they are while `work` runs, with a whole stretch of time. */
  during<T>(attempt: Attempt, work: () => T): T;
  mirrorBody(plan: MirrorPlan, job: Job): LuaFunction;
};

/** Made ahead of its pipeline, which takes longer than to evaluate most of them; null when none is. */
let spare: Spare | null = null;

/** Gives the stage its pipeline; called once. */
type Spare = (scene: Scene) => Stage;

/** Makes a stage for the next pipeline now, for a caller that will want one and has nothing else to do. */
export function prepareStage(): void {
  spare ??= createSpare();
}

/** A stage for one pipeline. */
export function createStage(scene: Scene): Stage {
  const taken = spare ?? createSpare();
  spare = null;
  return taken(scene);
}

function createSpare(): Spare {
  let scene: Scene = { tree: new Map(), main: '', options: {} };
  const meter = new Meter({ ...defaultLimits, clock: monotonic });
  const printed = boundedLines();
  let current: Attempt | null = null;

  const evaluator = new Evaluator<Pending>({
    meter,
    tree: {
      get folder() {
        return fileName('', scene.options);
      },
      read: (path) => textAt(scene, path),
    },
    print: printed.add,
    macroModules: new Map([['quire.ci', { file: 'quire/ci-macros.fnl', text: ciMacros }]]),
  });
  const { vm } = evaluator;
  const isRunning = (): boolean => current !== null;
  const primitives = createPrimitives(vm, () => current);
  const runtime = runtimeTable(vm, primitives);
  const registration = createRegistration(vm, {
    spanOf: (caller) => evaluator.placeOf(caller.frames()) ?? pointSpan(scene.main, 1, 1),
    isRunning,
  });
  registration.functions.set('runtime', runtime);
  vm.provide(
    'quire.ci',
    strict(vm, registration.functions, ciNames, (name) => `quire.ci has no '${name}'`),
  );
  vm.provide('quire.runtime', runtime);
  vm.provide('quire.stdlib', vm.table([['mirror', stdlibMirror(vm, () => current)]]));
  vm.globals.set('print', printFunction(vm, primitives.log, printed.add, isRunning));

  const stage: Stage = {
    evaluator,
    registration,
    runtime,
    printed: printed.lines,
    during(attempt, work) {
      meter.restart();
      current = attempt;
      try {
        return work();
      } finally {
        current = null;
      }
    },
    mirrorBody: (plan, job) => mirrorBody(vm, plan, job, primitives.jobs, () => current),
  };
  return (given) => {
    scene = given;
    meter.begin({ ...limitsOf(given.options), clock: monotonic });
    return stage;
  };
}

/** The text of a file of the tree, or null where there is none that can be read. */
function textAt({ tree, options }: Scene, file: string): string | null {
  const entry = tree.get(file.slice(fileName('', options).length));
  const source = entry === undefined ? null : readSource(entry, file);
  return source?.ok ? source.value : null;
}

/** A table whose keys are all known: reading another one is an error that lists them. */
function strict(
  vm: Vm<Pending>,
  table: LuaTable,
  known: readonly string[],
  says: (name: string) => string,
): LuaTable {
  const unknown = vm.native(([, key = null], caller) => {
    const name = textOf(caller.tostring(key));
    const near = nearestOfFew(name, known);
    const meant = near === null ? '' : ` (did you mean ${near}?)`;
    return caller.fail(`${says(name)}${meant}; there are ${known.join(', ')}`);
  });
  table.metatable = vm.table([['__index', unknown]]);
  return table;
}

function runtimeTable(vm: Vm<Pending>, primitives: Readonly<Record<PrimitiveName, LuaFunction>>): LuaTable {
  const table = vm.table(primitiveNames.map((name) => [name, primitives[name]] as const));
  return strict(vm, table, primitiveNames, (name) => `unknown primitive '${name}'`);
}

const ciNames = ['job', 'image', 'mirror', 'runtime'] as const;

/** How much of what is printed while the file is evaluated is kept. */
const printedLimit = 256 * 1024;

function boundedLines(): { readonly lines: readonly string[]; add(line: string): void } {
  const lines: string[] = [];
  let room = printedLimit;
  return {
    lines,
    add(line) {
      if (room <= 0) return;
      room -= line.length + 1;
      lines.push(room > 0 ? line : 'what was printed after this is left out');
    },
  };
}

/** A line of the job's log in a run function, of the run's log elsewhere. */
function printFunction(
  vm: Vm<Pending>,
  log: LuaFunction,
  add: (line: string) => void,
  isRunning: () => boolean,
): LuaFunction {
  const line = vm.native((args, caller) => [args.map((arg) => caller.tostring(arg)).join('\t')]);
  const running = vm.native(() => [isRunning()]);
  const note = vm.native(([text = null]) => {
    if (typeof text === 'string') add(textOf(text));
    return [];
  });
  return builtIn(vm, { name: 'print', lua: printModule }, [line, running, log, note]);
}

/** A function made by one of our own chunks. */
function builtIn(vm: Vm<Pending>, source: Source, args: readonly LuaValue[]): LuaFunction {
  const chunk = vm.load(source);
  const made = chunk.ok ? vm.call(chunk.value, args) : chunk;
  const [value = null] = made.ok ? made.value : [];
  const checked = checks.runFunction(value);
  if (!checked.ok) throw new Error(`the chunk ${source.name} must give a function`);
  return checked.value;
}

/** The run function of a `quire/mirror` job. */
function mirrorBody(
  vm: Vm<Pending>,
  plan: MirrorPlan,
  job: Job,
  jobs: LuaFunction,
  current: () => Attempt | null,
): LuaFunction {
  const wants = vm.native(([ref = null]) => [
    plan.refs === null || (typeof ref === 'string' && plan.refs.some((one) => refMatches(one, textOf(ref)))),
  ]);
  const tag = typeof plan.tag === 'string' ? bytesOf(plan.tag) : plan.tag;
  const isFunction = tag !== null && typeof tag !== 'string';
  const mirror = plannedMirror(vm, plan, job.id, current);
  const { file, start } = job.span;
  const source = { name: file, lua: mirrorModule, lines: [{ file, line: start.line }] };
  return builtIn(vm, source, [jobs, wants, tag, isFunction, mirror]);
}
