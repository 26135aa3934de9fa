/**
 * Plain data: what outputs, inputs and config values are, in Lua, in YAML and in between.
 *
 * Must not know: how any of them is written.
 */

/** A number that Lua keeps as a float although it is whole: `2.0` must not come back as `2`. */
export class LuaFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Bytes that are not UTF-8 stay bytes; a string is text. A whole `number` is an integer. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | LuaFloat
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };
