/**
 * Instructions that take memory in proportion to their operands, checked before fengari executes them.
 *
 * fengari asks nobody, so the instruction does it: an operand is read at the very moment when the values are on the
 * stack, and reading it asks. Only two kinds are changed. `..` of more than two values makes one buffer for
 * all (two can do no more than double what is there, which the alarm for made strings hears); `...` as a list
 * copies every argument.
 * Must not know: limits; `reserve` may throw.
 */
import type { Instruction } from 'fengari';
import { isString, type Proto, type State, stringBytes } from './engine.ts';

export type Guard = {
  /** The thread that executes the instruction. */
  readonly current: () => State;
  readonly reserve: (L: State, bytes: number) => void;
};

const concat = 29;
const vararg = 45;

/** About what a value takes on the stack and in a table. */
const bytesOfValue = 200;

/** Guards a function and those inside it. */
export function guardInstructions(proto: Proto, guard: Guard): void {
  proto.code.forEach((instruction, at) => {
    if (instruction.opcode === concat && instruction.C - instruction.B > 1) {
      proto.code[at] = guardedConcat(instruction, guard);
    } else if (instruction.opcode === vararg && instruction.B === 0) {
      proto.code[at] = guardedVararg(instruction, proto.numparams, guard);
    }
  });
  for (const inner of proto.p) guardInstructions(inner, guard);
}

function guardedConcat(instruction: Instruction, { current, reserve }: Guard): Instruction {
  const { B, C } = instruction;
  return {
    ...instruction,
    get C() {
      const L = current();
      const { l_base } = L.ci;
      let size = 0;
      for (let at = l_base + B; at <= l_base + C; at += 1) {
        const value = L.stack[at];
        if (value !== undefined && isString(value)) size += stringBytes(value).length;
      }
      reserve(L, size);
      return C;
    },
  };
}

function guardedVararg(
  instruction: Instruction,
  parameters: number,
  { current, reserve }: Guard,
): Instruction {
  return {
    ...instruction,
    get B() {
      const L = current();
      const { l_base, funcOff } = L.ci;
      reserve(L, (l_base - funcOff - parameters) * bytesOfValue);
      return 0;
    },
  };
}
