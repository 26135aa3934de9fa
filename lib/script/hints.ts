/**
 * The way out of the mistakes that a first pipeline makes, where Fennel or Lua alone can't know it.
 *
 * Pure. Must not know: how a pipeline is evaluated.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { nearestOfFew } from '../base/text.ts';

export type KnownNames = { readonly primitives: readonly string[]; readonly modules: readonly string[] };

/** The diagnostic with the hint of a pipeline; one that has a better hint keeps it. */
export function withPipelineHint(problem: Diagnostic, known: KnownNames): Diagnostic {
  const hint = hintFor(problem, known);
  return hint === null ? problem : { ...problem, hint };
}

const noWorld =
  'a pipeline reaches files and programs through its primitives alone: (sh "…"), (read-file "…"), (env :NAME)';

function hintFor({ code, message, hint }: Diagnostic, known: KnownNames): string | null {
  const unknown = /^unknown identifier: (\S+)$/.exec(message)?.[1];
  if (code === 'unknown-identifier' && unknown !== undefined) return hintForName(unknown, hint, known);
  if (/\(field '(execute|popen|exit|getenv|remove|rename|tmpname|open|lines)'\)/.test(message))
    return noWorld;
  const module = /^module '([^']*)' not found/.exec(message)?.[1];
  return module === undefined ? null : hintForModule(module, known);
}

function hintForName(name: string, hint: string | null, { primitives }: KnownNames): string | null {
  if (primitives.includes(name)) return `a run function takes it from its argument: (fn [{: ${name}}] …)`;
  if (/^(io|debug|load|loadstring|dofile|loadfile|package)(\.|$)/.test(name)) return noWorld;
  // A near name is the better guess.
  if (hint !== null && !hint.startsWith('If it is a global')) return null;
  return /^[^.:]+$/.test(name) ? `a text is written :${name} or "${name}"` : null;
}

function hintForModule(name: string, { modules }: KnownNames): string {
  const near = nearestOfFew(name, modules);
  return near === null
    ? `modules are files of .quire/ in the same commit, and ${modules.join(', ')}`
    : `did you mean ${near}?`;
}
