/**
 * What a program gives, shown: `quire ci view` for one file.
 *
 * Every file gets a VM of its own. The only built-in module is `fennel`.
 * Must not know: the disk, the command line.
 */
import { type Limits, Meter } from '../lua/vm.ts';
import { type EvaluationFailure, Evaluator } from './evaluator.ts';
import type { Tree } from './modules.ts';

/** The globals that the strict check allows when nobody says otherwise. */
export const viewGlobals: readonly string[] = [
  '_G',
  '_VERSION',
  'assert',
  'coroutine',
  'error',
  'getmetatable',
  'ipairs',
  'math',
  'next',
  'pairs',
  'pcall',
  'print',
  'rawequal',
  'rawget',
  'rawlen',
  'rawset',
  'require',
  'select',
  'setmetatable',
  'string',
  'table',
  'tonumber',
  'tostring',
  'type',
  'utf8',
  'xpcall',
];

export type ViewOptions = {
  readonly limits: Limits;
  /** Default `viewGlobals`. */
  readonly globals?: readonly string[];
  /** One line of the program's `print`. Default: nobody hears it. */
  readonly print?: (line: string) => void;
};

export type Viewed =
  | { readonly values: readonly string[] }
  | {
      readonly stage: 'compile' | 'runtime';
      readonly message: string;
      /** The file of the error, as the tree names it. */
      readonly at: string;
      readonly line: number;
      readonly column: number;
      /** Everything that is known of it. */
      readonly failure: EvaluationFailure;
    };

/** Runs a file of a tree and shows each value it returns on one line. Modules are looked up in the same tree. */
export function viewFile(tree: Tree, file: string, text: string, options: ViewOptions): Viewed {
  const evaluator = new Evaluator({
    meter: new Meter(options.limits),
    tree,
    globals: options.globals ?? viewGlobals,
    ...(options.print === undefined ? {} : { print: options.print }),
  });
  const values = evaluator.evaluate(file, text);
  if (!values.ok) return failed(file, values.error);
  const shown: string[] = [];
  for (const value of values.value) {
    const one = evaluator.show(value);
    if (!one.ok) return failed(file, { stage: 'runtime', diagnostics: evaluator.explain(one.error) });
    shown.push(one.value);
  }
  return { values: shown };
}

function failed(file: string, failure: EvaluationFailure): Viewed {
  const [first] = failure.diagnostics;
  return {
    stage: failure.stage,
    message: first?.message ?? '',
    at: first?.span?.file ?? file,
    line: first?.span?.start.line ?? 1,
    column: first?.span?.start.column ?? 1,
    failure,
  };
}
