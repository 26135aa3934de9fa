/**
 * `quire ci compile`: the Lua that a Fennel file becomes, or which place each of its lines comes from.
 *
 * Must not know: how it is compiled.
 */
import { monotonic } from '../../base/clock.ts';
import { place } from '../../base/draw.ts';
import { Evaluator } from '../../evaluate/evaluator.ts';
import { Meter } from '../../lua/vm.ts';
import { ciMacros } from '../../script/modules.ts';
import { defaultLimits } from '../../script/script.ts';
import { complain, wrongUsage } from '../complain.ts';
import type { Context } from '../context.ts';
import { drawHere } from '../diagnostics.ts';
import { openFile } from '../disk-modules.ts';
import { type ExitCode, exits } from '../exit.ts';
import { terminalText } from '../terminal-text.ts';
import { aligned } from '../words.ts';

export type CompileOptions = { readonly map?: boolean };

export async function compileFile(
  context: Context,
  given: string,
  options: CompileOptions,
): Promise<ExitCode> {
  const file = openFile(context, given);
  if (!file.ok) return complain(context, file.error);
  const { name, text, tree, shown } = file.value;
  if (name.endsWith('.lua')) return complain(context, wrongUsage(`${given} is Lua already`));
  const evaluator = new Evaluator({
    meter: new Meter({ ...defaultLimits, clock: monotonic }),
    tree,
    macroModules: new Map([['quire.ci', { file: 'quire/ci-macros.fnl', text: ciMacros }]]),
    print: (line) => context.stderr.write(`${terminalText(line)}\n`),
  });
  const chunk = evaluator.compile(name, text);
  if (!chunk.ok) {
    context.stderr.write(drawHere(context, file.value, chunk.error));
    return exits.failed;
  }
  const { lua, lines } = chunk.value;
  if (!options.map) {
    context.stdout.write(lua.endsWith('\n') ? lua : `${lua}\n`);
    return exits.done;
  }
  const rows = lines.map((span, index) => [
    String(index + 1),
    span === null ? '-' : place({ ...span, file: shown(span.file) }),
  ]);
  context.stdout.write(aligned(rows));
  return exits.done;
}
