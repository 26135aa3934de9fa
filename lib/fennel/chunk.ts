/**
 * A program → a chunk of Lua: sets up the state of a compilation and walks the top-level forms.
 *
 * Must not know: what any form means.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { err, ok, type Result } from '../base/result.ts';
import { compile, valueOfForm } from './compile.ts';
import {
  type Context,
  type NameSource,
  newFrame,
  type Program,
  type Unit,
  wantDrop,
  wantReturn,
} from './context.ts';
import { deliver } from './deliver.ts';
import { print } from './emit.ts';
import { expand } from './expand.ts';
import type { Form } from './forms.ts';
import type { Chunk, HostValue, MacroHost, ModuleFinder } from './host.ts';
import { findExcess } from './limits.ts';
import { macros } from './macros/macros.ts';
import { problem } from './problems.ts';
import { read } from './reader.ts';
import { Scopes } from './scope.ts';
import { macroLike, specials } from './specials/specials.ts';
import { nil, type Stat } from './tree.ts';

/** What the compilations of one evaluation share: macro modules, and the names made up for them. */
export type Shared = {
  readonly names: NameSource;
  readonly macroModules: Map<string, HostValue | 'loading'>;
};

export const newShared = (): Shared => ({
  names: { count: 0, taken: new Set(), made: new Set() },
  macroModules: new Map(),
});

export type Surroundings = {
  readonly globals: readonly string[] | null;
  readonly host: MacroHost | null;
  readonly modules: ModuleFinder | null;
  readonly shared: Shared;
};

/** The names that compile-time code may use. */
const compileTimeGlobals = (
  '_G _VERSION assert error getmetatable ipairs math next pairs pcall print rawequal rawget rawlen rawset ' +
  'require select setmetatable string table tonumber tostring type utf8 xpcall coroutine bit _AST _CHUNK ' +
  '_IS_COMPILER _SCOPE _SPECIALS _VARARG assert-compile ast-source comment comment? fennel-module-name gensym ' +
  'get-scope in-scope? list list? macro-loaded macroexpand multi-sym? pack sequence sequence? sym sym? table? ' +
  'unpack varg? version view'
).split(' ');

export function compileProgram(program: Program, surroundings: Surroundings): Result<Chunk, Diagnostic[]> {
  const unit = newUnit(program, surroundings);
  const body = compileBody(program, unit);
  if (unit.faults.length > 0) return err(unit.faults);
  const all = [...unit.helperStats, ...unit.prelude, ...body];
  const printed = print(all);
  if (printed.tooDeep !== null) return err([problem('too-deep', printed.tooDeep.at)]);
  const excess = findExcess(all);
  if (excess !== null) return err([problem(excess.reason, excess.at)]);
  return ok({ name: program.file, lua: printed.lua, lines: printed.lines });
}

function newUnit(program: Program, surroundings: Surroundings): Unit {
  const { shared, host, modules } = surroundings;
  const { file, moduleName, compileTime } = program;
  const allowed = compileTime && surroundings.globals !== null ? compileTimeGlobals : surroundings.globals;
  const unit: Unit = {
    file,
    moduleName,
    compileTime,
    host,
    modules,
    globals: allowed === null ? null : new Set(allowed),
    scopes: new Scopes(),
    faults: [],
    names: shared.names,
    macroModules: shared.macroModules,
    includes: new Map(),
    helpers: new Set(),
    helperStats: [],
    prelude: [],
    specials,
    macroLike,
    macros,
    compile,
    valueOfForm,
    expand,
    toChunk: (inner) => compileProgram(inner, surroundings),
    toBody: (inner) => compileBody(inner, included(unit, inner)),
    depth: 0,
  };
  return unit;
}

/** The state of a module that is embedded: names of its own, the rest of the program it goes into. */
const included = (outer: Unit, program: Program): Unit => {
  const unit: Unit = {
    ...outer,
    file: program.file,
    moduleName: program.moduleName,
    scopes: new Scopes(),
    toBody: (inner) => compileBody(inner, included(unit, inner)),
    depth: 0,
  };
  return unit;
};

function compileBody(program: Program, unit: Unit): Stat[] {
  const forms = formsOf(program, unit);
  if (forms === null) return [];
  const stats: Stat[] = [];
  const cx: Context = { unit, frame: newFrame({ vararg: true }), block: { stats, more: null } };
  for (const form of forms.slice(0, -1)) unit.compile(form, cx, wantDrop);
  const last = forms.at(-1);
  if (last !== undefined) unit.compile(last, cx, wantReturn);
  else if (unit.compileTime) deliver(cx, wantReturn, [nil], null);
  return stats;
}

function formsOf(program: Program, unit: Unit): readonly Form[] | null {
  if ('forms' in program.content) return program.content.forms;
  // Names that look like made-up ones belong to whoever wrote them.
  const forms = read({ name: program.file, text: program.content.text }, unit.names.taken);
  if (!forms.ok) {
    unit.faults.push(...forms.error);
    return null;
  }
  return forms.value;
}
