/**
 * All special forms: a special is a row.
 *
 * Must not know: what any of them does.
 */
import type { Special } from '../context.ts';
import { bindingSpecials } from './bindings.ts';
import { controlSpecials } from './control.ts';
import { functionSpecials } from './functions.ts';
import { innerSpecials } from './inner.ts';
import { moduleSpecials } from './modules.ts';
import { operatorSpecials } from './operators.ts';
import { quotingSpecials } from './quoting.ts';
import { resourceSpecials } from './resources.ts';
import { tableSpecials } from './tables.ts';
import { valueSpecials } from './values.ts';

/** Macros to the language that are specials here, because what they become can't be written in Fennel. */
export const macroLike: ReadonlySet<string> = new Set(['lambda', 'λ', 'with-open', 'import-macros']);

export const specials: ReadonlyMap<string, Special> = new Map(
  [
    bindingSpecials,
    controlSpecials,
    functionSpecials,
    innerSpecials,
    moduleSpecials,
    operatorSpecials,
    quotingSpecials,
    resourceSpecials,
    tableSpecials,
    valueSpecials,
  ].flatMap((table) => Object.entries(table)),
);
