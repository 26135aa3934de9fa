/**
 * `table.sort`'s work: quicksort in place on the table at index 1, by the function at index 2 or by `<`.
 *
 * In place and by comparisons alone, as PUC's: a comparator that is no order gets PUC's error, never an
 * endless loop.
 * Must not know: anything of its VM.
 */
import { aux, lua, type State } from './engine.ts';

/** Comparisons between two calls of `pause`. */
const stride = 4096;

export function sortItems(L: State, count: number, pause: () => void): void {
  let compared = 0;
  /** Whether the value at one stack index comes before the one at another; both from the top (negative). */
  const before = (a: number, b: number): boolean => {
    compared += 1;
    if (compared % stride === 0) pause();
    if (lua.lua_isnil(L, 2)) return Boolean(lua.lua_compare(L, a, b, lua.LUA_OPLT));
    lua.lua_pushvalue(L, 2);
    lua.lua_pushvalue(L, a - 1);
    lua.lua_pushvalue(L, b - 2);
    lua.lua_call(L, 2, 1);
    const answer = lua.lua_toboolean(L, -1);
    lua.lua_pop(L, 1);
    return answer;
  };
  /** Puts the two values on top of the stack at `i` (the upper one) and `j`. */
  const store = (i: number, j: number): void => {
    lua.lua_seti(L, 1, i);
    lua.lua_seti(L, 1, j);
  };
  /** Orders the items at `i` < `j`; answers whether they changed places. */
  const order = (i: number, j: number): boolean => {
    lua.lua_geti(L, 1, i);
    lua.lua_geti(L, 1, j);
    const swap = before(-1, -2);
    if (swap) store(i, j);
    else lua.lua_pop(L, 2);
    return swap;
  };
  const invalid = (): never => aux.luaL_error(L, 'invalid order function for sorting');

  /** Splits around the pivot, which is at `high - 1` and on top of the stack; answers its final index. */
  const partition = (low: number, high: number): number => {
    let i = low;
    let j = high - 1;
    for (;;) {
      for (;;) {
        i += 1;
        lua.lua_geti(L, 1, i);
        if (!before(-1, -2)) break;
        if (i === high - 1) invalid();
        lua.lua_pop(L, 1);
      }
      for (;;) {
        j -= 1;
        lua.lua_geti(L, 1, j);
        if (!before(-3, -1)) break;
        if (j < i) invalid();
        lua.lua_pop(L, 1);
      }
      if (j < i) {
        lua.lua_pop(L, 1);
        // Below lies the pivot: it and the item at `i` change places.
        store(high - 1, i);
        return i;
      }
      store(i, j);
    }
  };

  const sort = (from: number, to: number): void => {
    let low = from;
    let high = to;
    while (low < high) {
      order(low, high);
      if (high - low === 1) return;
      const middle = Math.floor((low + high) / 2);
      if (!order(low, middle)) order(middle, high);
      if (high - low === 2) return;
      lua.lua_geti(L, 1, middle);
      lua.lua_pushvalue(L, -1);
      lua.lua_geti(L, 1, high - 1);
      store(middle, high - 1);
      const pivot = partition(low, high);
      // Only the smaller part recurses, so that the depth stays logarithmic.
      if (pivot - low < high - pivot) {
        sort(low, pivot - 1);
        low = pivot + 1;
      } else {
        sort(pivot + 1, high);
        high = pivot - 1;
      }
    }
  };
  lua.lua_checkstack(L, 40);
  sort(1, count);
}
