/**
 * The call stack of a thread, as a list.
 *
 * Must not know: Fennel. A frame's `line` is what the loader of its chunk said that it is.
 */
import { type CallInfo, type Debug, latin1, lua, protoOf, type State, tag } from './engine.ts';
import { textOf } from './values.ts';

export type Frame = {
  readonly kind: 'lua' | 'main' | 'native';
  /** The file, as the chunk's line map says; null for a native. */
  readonly source: string | null;
  /** The name the chunk was loaded by. */
  readonly chunk: string | null;
  /** As the chunk's line map says; null for a native. */
  readonly line: number | null;
  /** The line of the text that was loaded. */
  readonly textLine: number | null;
  /** What the caller calls the function, when it can be told. */
  readonly name: string | null;
};

/** A deep recursion has a million frames; the ends are what anyone wants to see. */
const most = 40;

/** The frames from `level` (0 is the running function) outwards; of very many the middle is left out. */
export function framesOf(L: State, level: number): Frame[] {
  const all: CallInfo[] = [];
  for (let info: CallInfo | null = L.ci; info !== null && info !== L.base_ci; info = info.previous)
    all.push(info);
  const wanted = all.slice(level);
  const shown = wanted.length <= most ? wanted : [...wanted.slice(0, most / 2), ...wanted.slice(-most / 2)];
  return shown.map((info) => frame(L, info));
}

function frame(L: State, info: CallInfo): Frame {
  const debug: Debug & { i_ci: CallInfo | null } = new lua.lua_Debug();
  debug.i_ci = info;
  lua.lua_getinfo(L, 'Sln', debug);
  const name = debug.name === null ? null : textOf(latin1(debug.name));
  if (info.func.type !== tag.luaFunction) {
    return { kind: 'native', source: null, chunk: null, line: null, textLine: null, name };
  }
  const proto = protoOf(info.func);
  const at = info.l_savedpc - 1;
  const source = textOf(latin1(debug.short_src ?? new Uint8Array()));
  return {
    kind: proto.linedefined === 0 ? 'main' : 'lua',
    source,
    chunk: proto.chunk === undefined ? source : textOf(latin1(proto.chunk.getstr().subarray(1))),
    line: debug.currentline,
    textLine: proto.textLines?.[at] ?? debug.currentline,
    name,
  };
}

/** Pushes `source:line: ` of the nearest Lua function at or outside of `level`, or an empty string. */
export function pushWhere(L: State, level: number): void {
  const found = framesOf(L, level).find((one) => one.source !== null);
  lua.lua_pushstring(L, found === undefined ? '' : `${found.source}:${found.line}: `);
}
