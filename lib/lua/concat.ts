/**
 * `..` of many long strings, checked before fengari makes the buffer for all of them.
 *
 * fengari asks nobody, so the instruction itself does: its operand `C` is read at the very moment when the values to be joined are on
 * the stack. Only instructions that join more than two values are changed; two can do no more than double what is there,
 * which the alarm for made strings hears.
 * Must not know: limits; `reserve` may throw.
 */
import type { Instruction } from 'fengari';
import { isString, type Proto, type State, stringBytes } from './engine.ts';

const concatOpcode = 29;

/** Lets every long concatenation of a function, and of those inside it, ask `reserve` first. */
export function guardConcatenations(
  proto: Proto,
  current: () => State,
  reserve: (L: State, bytes: number) => void,
): void {
  proto.code.forEach((instruction, at) => {
    if (instruction.opcode === concatOpcode && instruction.C - instruction.B > 1) {
      proto.code[at] = guarded(instruction, current, reserve);
    }
  });
  for (const inner of proto.p) guardConcatenations(inner, current, reserve);
}

function guarded(
  instruction: Instruction,
  current: () => State,
  reserve: (L: State, bytes: number) => void,
): Instruction {
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
