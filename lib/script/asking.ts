/**
 * How a primitive asks: what it yields to TypeScript, and what comes back at its call.
 *
 * Must not know: which primitives there are.
 */
import type { JobId } from '../base/ids.ts';
import type { Plain } from '../base/plain.ts';
import { toLua } from '../evaluate/plain-data.ts';
import type { Caller, Answer as LuaAnswer, LuaFunction, LuaValue, Vm } from '../lua/vm.ts';
import type { Answers, Ask, Want } from './ask.ts';
import type { Check } from './checks.ts';
import type { Deeds } from './outcome.ts';

/** An ask under way: what is asked, and what its answer becomes in Lua. */
export type Pending = {
  readonly ask: Ask;
  /** What messages about it begin with, such as `sh`. */
  readonly name: string;
  receive(value: Answers[Want]): LuaAnswer;
};

/** The attempt whose primitives are being called. */
export type Attempt = {
  readonly job: JobId;
  readonly deeds: Deeds;
  /** What `(jobs …)` may name. */
  readonly inputs: ReadonlySet<string>;
  /** The number of the job's next command. */
  nextCommand(): number;
};

export type Primitive = (args: readonly LuaValue[], caller: Caller, attempt: Attempt) => Pending;

export const values = (...list: readonly LuaValue[]): LuaAnswer => ({ kind: 'values', values: list });
export const raises = (message: string): LuaAnswer => ({ kind: 'error', message });

/** Ties the type of an answer to its want. */
export function pending<W extends Want>(
  name: string,
  ask: Extract<Ask, { want: W }>,
  receive: (value: Answers[W]) => LuaAnswer,
): Pending {
  return { ask, name, receive: receive as Pending['receive'] };
}

/** A checked argument, or an error at the call. */
export function need<T>(caller: Caller, name: string, what: string, value: LuaValue, check: Check<T>): T {
  const checked = check(value);
  return checked.ok ? checked.value : caller.fail(`${name}: ${what} ${checked.error.says}`);
}

/** A function that asks, for the attempt under way. */
export function asker(
  vm: Vm<Pending>,
  current: () => Attempt | null,
  name: string,
  primitive: Primitive,
): LuaFunction {
  return vm.asker(
    (args, caller) => {
      const attempt = current();
      return attempt === null ? caller.fail(outsideRunFunction(name)) : primitive(args, caller, attempt);
    },
    (why) =>
      why === 'in-callback'
        ? `${name}: nothing can be waited for inside a callback of sort, gsub or __tostring; call ${name} outside the callback`
        : outsideRunFunction(name),
  );
}

/** Plain data as what a primitive returns. */
export function dataAnswer(vm: Vm<Pending>, value: Plain): LuaAnswer {
  const made = toLua(vm, value);
  return made === null ? raises('the data is nested too deep') : values(made.value);
}

const outsideRunFunction = (name: string): string =>
  `${name} can only be called inside a run function, while its job runs`;
