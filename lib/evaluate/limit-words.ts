/**
 * What to say when an evaluation passed a limit.
 *
 * Must not know: what was evaluated.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { showDuration } from '../base/text.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Exceeded, Limits } from '../lua/vm.ts';

export function limitWords(which: Exceeded, limits: Limits): Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  switch (which) {
    case 'time':
      return {
        code: 'evaluation-time',
        message: `evaluation took longer than ${showDuration(limits.timeMs)}`,
        hint: 'Look for a loop that never ends; the limit is :eval-timeout in config.fnl.',
      };
    case 'memory':
      return {
        code: 'evaluation-memory',
        message: `evaluation needed more than ${Math.round(limits.memoryBytes / 1024 / 1024)} MiB of memory`,
        hint: 'The limit is :eval-memory in config.fnl.',
      };
    default:
      return unreachable(which);
  }
}
