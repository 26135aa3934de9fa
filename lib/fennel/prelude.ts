/**
 * Small Lua functions that some programs need, put before the program when it does.
 *
 * Must not know: which form asks.
 */
import type { Context } from './context.ts';
import type { Place } from './forms.ts';
import { type Expr, nameExpr } from './tree.ts';

const texts = {
  /** The sequence from a position on; a metatable may have its own idea of that. */
  rest: `local function __fnl_rest(t, first)
  local meta = getmetatable(t)
  local rest = type(meta) == "table" and meta.__fennelrest
  if rest then return rest(t, first) end
  return {table.unpack(t, first)}
end`,
  /** A copy of a table without some keys. */
  without: `local function __fnl_without(t, keys)
  local rest = {}
  for key, value in pairs(t) do
    if not keys[key] then rest[key] = value end
  end
  return rest
end`,
  /** The value of an embedded module, which runs once. */
  include: `local __fnl_modules, __fnl_loaded = {}, {}
local function __fnl_include(name)
  if __fnl_loaded[name] == nil then
    local value = __fnl_modules[name](name)
    __fnl_loaded[name] = value == nil or value
  end
  return __fnl_loaded[name]
end`,
} as const;

export type Helper = keyof typeof texts;

/** Where `include` keeps the functions of embedded modules. */
export const modulesTable: Expr = nameExpr('__fnl_modules');

/** The helper's function; its text is in the program from now on. What fails in it is placed at its first use. */
export function helper(cx: Context, name: Helper, at: Place): Expr {
  const { unit } = cx;
  if (!unit.helpers.has(name)) {
    unit.helpers.add(name);
    unit.helperStats.push({ kind: 'raw', text: texts[name], file: null, at });
  }
  return nameExpr(`__fnl_${name}`);
}
