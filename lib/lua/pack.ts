/**
 * `string.pack`, `packsize` and `unpack`: binary layouts as the manual (§6.4.2) says.
 *
 * Sizes are those of PUC Lua on a 64-bit machine. An integer that does not fit this machine's 32 bits is read
 * as a float.
 * Must not know: anything of its VM.
 */
import { aux, type Bytes, latin1, lua, type Native, pushBytes, type State } from './engine.ts';
import type { Machine } from './machine.ts';
import { maxInteger, minInteger } from './numbers.ts';

type Option =
  | { readonly kind: 'integer'; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'float'; readonly size: 4 | 8 }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'counted'; readonly size: number }
  | { readonly kind: 'zero' }
  | { readonly kind: 'padding' };

type Item = Option & { readonly align: number };

/** Reads a format's items one by one, keeping endianness and alignment. */
class Layout {
  readonly #L: State;
  readonly #format: string;
  #at = 0;
  little = true;
  #maxAlign = 1;

  constructor(L: State, format: string) {
    this.#L = L;
    this.#format = format;
  }

  /** The next item, where the data so far has `size` bytes; null at the end. */
  next(size: number): Item | null {
    while (this.#at < this.#format.length) {
      const letter = this.#take();
      if (this.#control(letter)) continue;
      if (letter !== 'X') {
        const option = this.#option(letter);
        return { ...option, align: this.#alignment(option, size) };
      }
      const next = this.#at < this.#format.length ? this.#option(this.#take()) : null;
      const width = next !== null && 'size' in next && next.kind !== 'fixed' ? next.size : 0;
      if (width === 0) return aux.luaL_argerror(this.#L, 1, "invalid next option for option 'X'");
      return { kind: 'fixed', size: 0, align: this.#padTo(width, size) };
    }
    return null;
  }

  #take(): string {
    this.#at += 1;
    return this.#format.charAt(this.#at - 1);
  }

  #control(letter: string): boolean {
    switch (letter) {
      case '<':
      case '=':
        this.little = true;
        return true;
      case '>':
        this.little = false;
        return true;
      case '!':
        this.#maxAlign = this.#limited(this.#number(8));
        return true;
      default:
        return letter === ' ';
    }
  }

  #option(letter: string): Option {
    const known = fixedOptions[letter];
    if (known !== undefined) return known;
    switch (letter) {
      case 'i':
        return { kind: 'integer', size: this.#limited(this.#number(4)), signed: true };
      case 'I':
        return { kind: 'integer', size: this.#limited(this.#number(4)), signed: false };
      case 's':
        return { kind: 'counted', size: this.#limited(this.#number(8)) };
      case 'c': {
        const size = this.#number(-1);
        if (size === -1) return aux.luaL_error(this.#L, "missing size for format option 'c'");
        return { kind: 'fixed', size };
      }
      default:
        return aux.luaL_error(this.#L, "invalid format option '%s'", letter);
    }
  }

  #number(otherwise: number): number {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 10))?.[0];
    if (digits === undefined) return otherwise;
    this.#at += digits.length;
    return Math.min(Number(digits), maxInteger);
  }

  #limited(size: number): number {
    if (size < 1 || size > 16)
      return aux.luaL_error(this.#L, 'integral size (%d) out of limits [1,16]', size);
    return size;
  }

  #alignment(option: Option, size: number): number {
    const width = 'size' in option && option.kind !== 'fixed' ? option.size : 0;
    return this.#padTo(width, size);
  }

  #padTo(width: number, size: number): number {
    const align = Math.min(width, this.#maxAlign);
    if (align <= 1) return 0;
    if ((align & (align - 1)) !== 0) {
      return aux.luaL_argerror(this.#L, 1, 'format asks for alignment not power of 2');
    }
    return (align - (size & (align - 1))) & (align - 1);
  }
}

const fixedOptions: Readonly<Record<string, Option>> = {
  b: { kind: 'integer', size: 1, signed: true },
  B: { kind: 'integer', size: 1, signed: false },
  h: { kind: 'integer', size: 2, signed: true },
  H: { kind: 'integer', size: 2, signed: false },
  l: { kind: 'integer', size: 8, signed: true },
  L: { kind: 'integer', size: 8, signed: false },
  j: { kind: 'integer', size: 8, signed: true },
  J: { kind: 'integer', size: 8, signed: false },
  T: { kind: 'integer', size: 8, signed: false },
  f: { kind: 'float', size: 4 },
  d: { kind: 'float', size: 8 },
  n: { kind: 'float', size: 8 },
  z: { kind: 'zero' },
  x: { kind: 'padding' },
};

function integerBytes(value: bigint, size: number, little: boolean): Bytes {
  const bytes = new Uint8Array(size);
  let left = BigInt.asUintN(size * 8, value);
  for (let i = 0; i < size; i += 1) {
    bytes[i] = Number(left & 255n);
    left >>= 8n;
  }
  return little ? bytes : bytes.reverse();
}

function floatBytes(value: number, size: 4 | 8, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, little);
  else view.setFloat64(0, value, little);
  return new Uint8Array(view.buffer);
}

/** A float may be whole beyond 32 bits, where PUC Lua has an integer. */
function checkWhole(L: State, arg: number): bigint {
  const number = aux.luaL_checknumber(L, arg);
  return Number.isInteger(number) ? BigInt(number) : BigInt(aux.luaL_checkinteger(L, arg));
}

function itemBytes(L: State, item: Item, arg: number, little: boolean): readonly Bytes[] {
  switch (item.kind) {
    case 'integer': {
      const value = checkWhole(L, arg);
      const bits = BigInt(item.size * 8);
      const low = item.signed ? -(1n << (bits - 1n)) : 0n;
      const high = item.signed ? 1n << (bits - 1n) : 1n << bits;
      const fits = item.size >= 8 || (value >= low && value < high);
      aux.luaL_argcheck(L, fits, arg, item.signed ? 'integer overflow' : 'unsigned overflow');
      return [integerBytes(value, item.size, little)];
    }
    case 'float':
      return [floatBytes(aux.luaL_checknumber(L, arg), item.size, little)];
    case 'fixed': {
      const bytes = aux.luaL_checkstring(L, arg);
      aux.luaL_argcheck(L, bytes.length <= item.size, arg, 'string longer than given size');
      return [bytes, new Uint8Array(item.size - bytes.length)];
    }
    case 'counted': {
      const bytes = aux.luaL_checkstring(L, arg);
      const fits = item.size >= 4 || bytes.length < 2 ** (item.size * 8);
      aux.luaL_argcheck(L, fits, arg, 'string length does not fit in given size');
      return [integerBytes(BigInt(bytes.length), item.size, little), bytes];
    }
    case 'zero': {
      const bytes = aux.luaL_checkstring(L, arg);
      aux.luaL_argcheck(L, !bytes.includes(0), arg, 'string contains zeros');
      return [bytes, new Uint8Array(1)];
    }
    case 'padding':
      return [new Uint8Array(1)];
  }
}

/** Whether an item takes an argument and gives a result. */
const hasValue = (item: Item): boolean =>
  item.kind !== 'padding' && !(item.kind === 'fixed' && item.size === 0);

function pushInteger(L: State, bytes: Bytes, signed: boolean, little: boolean): void {
  const ordered = little ? bytes.slice().reverse() : bytes;
  const value = ordered.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const bits = Math.min(bytes.length * 8, 64);
  const number = Number(signed || bits === 64 ? BigInt.asIntN(bits, value) : value);
  if (number >= minInteger && number <= maxInteger) lua.lua_pushinteger(L, number);
  else lua.lua_pushnumber(L, number);
}

/** Pushes one item; answers where it ends. */
function unpackItem(L: State, item: Item, data: Bytes, at: number, little: boolean): number {
  const take = (size: number, from = at): Bytes => {
    if (from + size > data.length) return aux.luaL_argerror(L, 2, 'data string too short');
    return data.slice(from, from + size);
  };
  switch (item.kind) {
    case 'integer': {
      const bytes = take(item.size);
      const rest = little ? bytes.slice(8) : bytes.slice(0, Math.max(0, item.size - 8));
      const fill = item.signed && rest.every((byte) => byte === 255);
      if (!fill && rest.some((byte) => byte !== 0)) {
        return aux.luaL_error(L, '%d-byte integer does not fit into Lua Integer', item.size);
      }
      pushInteger(L, bytes, item.signed, little);
      return at + item.size;
    }
    case 'float': {
      const view = new DataView(take(item.size).buffer);
      lua.lua_pushnumber(L, item.size === 4 ? view.getFloat32(0, little) : view.getFloat64(0, little));
      return at + item.size;
    }
    case 'fixed':
      pushBytes(L, take(item.size));
      return at + item.size;
    case 'counted': {
      const count = take(item.size);
      const ordered = little ? count.slice().reverse() : count;
      const size = Number(ordered.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
      pushBytes(L, take(size, at + item.size));
      return at + item.size + size;
    }
    case 'zero': {
      const end = data.indexOf(0, at);
      // As in C, the end of the data is as good as a zero.
      const stop = end < 0 ? data.length : end;
      pushBytes(L, data.slice(at, stop));
      return stop + 1;
    }
    case 'padding':
      take(1);
      return at + 1;
  }
}

export const packLibrary = (machine: Machine): Readonly<Record<string, Native>> => ({
  pack: (L) => {
    const layout = new Layout(L, latin1(aux.luaL_checkstring(L, 1)));
    const parts: Bytes[] = [];
    let size = 0;
    let arg = 1;
    for (let item = layout.next(0); item !== null; item = layout.next(size)) {
      if (hasValue(item)) arg += 1;
      machine.reserve(L, size + item.align + ('size' in item ? item.size : 1));
      const made = hasValue(item) || item.kind === 'padding' ? itemBytes(L, item, arg, layout.little) : [];
      for (const part of [new Uint8Array(item.align), ...made]) {
        parts.push(part);
        size += part.length;
      }
      if (parts.length % 4096 === 0) machine.pause();
    }
    pushBytes(L, new Uint8Array(Buffer.concat(parts)));
    return 1;
  },
  packsize: (L) => {
    const layout = new Layout(L, latin1(aux.luaL_checkstring(L, 1)));
    let size = 0;
    for (let item = layout.next(0); item !== null; item = layout.next(size)) {
      if (item.kind === 'counted' || item.kind === 'zero') {
        return aux.luaL_argerror(L, 1, 'variable-length format');
      }
      size += item.align + (item.kind === 'padding' ? 1 : item.size);
      aux.luaL_argcheck(L, size <= maxInteger, 1, 'format result too large');
    }
    lua.lua_pushinteger(L, size);
    return 1;
  },
  unpack: (L) => {
    const layout = new Layout(L, latin1(aux.luaL_checkstring(L, 1)));
    const data = aux.luaL_checkstring(L, 2);
    const start = aux.luaL_optinteger(L, 3, 1);
    let at = (start >= 0 ? start : Math.max(0, data.length + start + 1)) - 1;
    aux.luaL_argcheck(L, at >= 0 && at <= data.length, 3, 'initial position out of string');
    let count = 0;
    for (let item = layout.next(at); item !== null; item = layout.next(at)) {
      at += item.align;
      if (!hasValue(item) && item.kind !== 'padding') continue;
      aux.luaL_checkstack(L, 2, 'too many results');
      at = unpackItem(L, item, data, at, layout.little);
      if (hasValue(item)) count += 1;
      if (count % 4096 === 0) machine.pause();
    }
    lua.lua_pushinteger(L, at + 1);
    return count + 1;
  },
});
