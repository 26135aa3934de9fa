/**
 * All built-in macros: a macro is a row.
 *
 * Must not know: what any of them becomes.
 */
import type { Rewrite } from '../context.ts';
import { matchMacros } from '../match.ts';
import { comprehensionMacros } from './comprehensions.ts';
import { shorthandMacros } from './shorthands.ts';
import { threadingMacros } from './threading.ts';

export const macros: ReadonlyMap<string, Rewrite> = new Map(
  [comprehensionMacros, matchMacros, shorthandMacros, threadingMacros].flatMap((table) =>
    Object.entries(table),
  ),
);
