/**
 * `math.random` and `math.randomseed` with a state of each VM's own: fengari's is shared by all.
 *
 * Must not know: which generator PUC Lua was built with; its numbers differ from one system to the next.
 */
import { aux, lua, type Native, type State } from './engine.ts';
import { maxInteger } from './numbers.ts';

export function randomLibrary(): Readonly<Record<string, Native>> {
  /** Made when it is first asked for: a VM may be older than the process that it runs in. */
  let state: number | null = null;
  /** mulberry32. */
  const draw = (): number => {
    state = ((state ?? Math.random() * 0x1_0000_0000) + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const between = (L: State, low: number, high: number): number => {
    aux.luaL_argcheck(L, low <= high, 1, 'interval is empty');
    aux.luaL_argcheck(L, low >= 0 || high <= maxInteger + low, 1, 'interval too large');
    lua.lua_pushinteger(L, low + Math.floor(draw() * (high - low + 1)));
    return 1;
  };
  return {
    random: (L) => {
      switch (lua.lua_gettop(L)) {
        case 0:
          lua.lua_pushnumber(L, draw());
          return 1;
        case 1:
          return between(L, 1, aux.luaL_checkinteger(L, 1));
        case 2:
          return between(L, aux.luaL_checkinteger(L, 1), aux.luaL_checkinteger(L, 2));
        default:
          return aux.luaL_error(L, 'wrong number of arguments');
      }
    },
    randomseed: (L) => {
      state = aux.luaL_checknumber(L, 1) >>> 0;
      draw();
      return 0;
    },
  };
}
