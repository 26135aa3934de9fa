/**
 * Every fault the compiler can find: what it says, and the way out, by code.
 *
 * The words are Fennel's own, so that what people know and search for stays true.
 * Must not know: when a fault occurs.
 */
import { type Diagnostic, diagnostic, type Note } from '../base/diagnostic.ts';
import type { Place } from './forms.ts';

type Problem = { readonly say: (...words: never[]) => string; readonly help: string | null };

const plain = (message: string, help: string | null = null) => ({ say: () => message, help });

export const problems = {
  // Reading
  'too-deep': plain(
    'forms are nested too deeply',
    'Move inner forms into functions or locals of their own; Lua itself takes no more than 200 levels.',
  ),
  'unclosed-string': plain('expected closing delimiter "', 'Close the string with a double quote.'),
  unclosed: {
    say: (closers: string) => `expected closing delimiter${closers.length > 1 ? 's' : ''} ${closers}`,
    help: 'Add the missing bracket, or delete the opening one.',
  },
  'unexpected-closing': {
    say: (closer: string) => `unexpected closing delimiter ${closer}`,
    help: 'Delete it, or add the opening bracket it was meant for.',
  },
  'mismatched-closing': {
    say: (closer: string, wanted: string) => `mismatched closing delimiter ${closer}, expected ${wanted}`,
    help: 'Replace it, or add the matching opening bracket.',
  },
  'space-before-opening': {
    say: (opener: string) => `expected whitespace before opening delimiter ${opener}`,
    help: 'Put a space before the bracket.',
  },
  'space-after-prefix': plain(
    'invalid whitespace after quoting prefix',
    'Put the prefix directly before its form. In Fennel a comma is not a separator.',
  ),
  'prefix-without-form': plain('expected a form after quoting prefix', 'Delete the prefix or add a form.'),
  'odd-table': plain(
    'expected even number of values in table literal',
    'Every key needs a value; for a sequence use square brackets.',
  ),
  'bad-number': {
    say: (word: string) => `could not read number "${word}"`,
    help: 'Begin a name with something else than a digit.',
  },
  'invalid-character': {
    say: (character: string) => `invalid character: ${character}`,
    help: 'Choose a name without it.',
  },
  'malformed-multisym': {
    say: (word: string) => `malformed multisym: ${word}`,
    help: 'Write a name between and after all dots and colons.',
  },
  'method-not-last': {
    say: (word: string) => `method must be last component of multisym: ${word}`,
    help: 'Use dots for fields and one colon at the end for a method.',
  },
  'bad-escape': plain('invalid escape sequence', 'To write a backslash, double it.'),
  'bad-decimal-escape': plain('invalid decimal escape', 'A byte is at most 255.'),
  'bad-unicode-escape': plain('invalid unicode escape', 'Write it as \\u{20AC}.'),

  // Names
  'unknown-identifier': {
    say: (name: string) => `unknown identifier: ${name}`,
    help: null,
  },
  'special-as-value': plain(
    'tried to reference a special form without calling it',
    'Operators come first, as in (+ 1 2); to pass one along, wrap it in a function.',
  ),
  'macro-as-value': plain(
    'tried to reference a macro without calling it',
    'Call it, or wrap it in a function: #(name $).',
  ),
  'method-as-value': plain(
    'multisym method calls may only be in call position',
    'Put parentheses around it to call the method, or a dot for the field.',
  ),
  overshadowed: {
    say: (name: string) => `local ${name} was overshadowed by a special form or macro`,
    help: 'Choose another name.',
  },
  'bind-without-gensym': {
    say: (name: string) => `macro tried to bind ${name} without gensym`,
    help: 'Add # to the end of the name in the template.',
  },
  'unexpected-multisym': {
    say: (name: string) => `unexpected multi symbol ${name}`,
    help: 'A new local has a plain name; to change a field, use set.',
  },
  'global-aliased': {
    say: (name: string) => `use of global ${name} is aliased by a local`,
    help: 'Choose another name for the local.',
  },
  'global-conflict': {
    say: (name: string) => `global ${name} conflicts with local`,
    help: 'Choose another name for one of them.',
  },
  'unexpected-vararg': plain('unexpected vararg', 'Add ... to the end of the parameters of this function.'),
  'vararg-in-hashfn': plain('use $... in hashfn'),
  'mixed-hashfn': plain(
    '$ and $... in hashfn are mutually exclusive',
    'Use either $... or $1, $2 and so on.',
  ),

  // Binding
  'name-and-value': plain('expected name and value'),
  'unable-to-bind': {
    say: (type: string, text: string) => `unable to bind ${type} ${text}`,
    help: 'Only names and patterns of names can be bound.',
  },
  'literal-destructured': plain('could not destructure literal', 'Only a table can be taken apart.'),
  'nested-values': plain(
    "can't nest multi-value destructuring",
    'Take several values apart at the outside of the pattern only.',
  ),
  'no-values': plain('must provide at least one value'),
  'rest-not-last': plain('expected rest argument before last parameter', 'Put one name after the &.'),
  'as-not-last': plain('expected &as argument before last parameter'),
  'computed-key': plain('expected key to be a literal'),
  'expected-var': {
    say: (name: string) => `expected var ${name}`,
    help: null,
  },
  'expected-local': {
    say: (name: string) => `expected local ${name}`,
    help: null,
  },
  'method-set': plain('cannot set method sym', 'Use a dot instead of the colon.'),
  'dynamic-set-key': plain('dynamic set needs at least one key'),
  'dynamic-set-symbol': plain('dynamic set needs symbol target'),
  'local-here': {
    say: (special: string) => `can't introduce ${special} here`,
    help: 'Use let, or move it to a line of its own.',
  },
  'let-sequence': plain('expected binding sequence', 'Put names and values in square brackets.'),
  'let-odd': plain('expected even number of name/value bindings', 'One of the names has no value.'),
  'expected-body': plain('expected body expression', 'Add the code that uses the bindings.'),

  // Functions
  'expected-parameters': plain('expected parameters table', 'Put the parameters in square brackets.'),
  'bad-parameter': {
    say: (text: string) => `expected symbol for function parameter: ${text}`,
    help: null,
  },
  'vararg-not-last': plain('expected vararg as last parameter'),
  'expected-table-local': {
    say: (name: string) => `expected local table ${name}`,
    help: null,
  },
  'expected-argument-list': plain('expected arg list', 'Put the parameters in square brackets.'),

  // Calls and values
  'empty-call': plain('expected a function, macro, or special to call', 'For an empty table write [] or {}.'),
  'literal-call': {
    say: (text: string) => `cannot call literal value ${text}`,
    help: 'A list is a call: its first form is the function.',
  },
  'one-argument': plain('expected one argument'),
  'two-arguments': plain('expected at least two arguments'),
  'some-arguments': plain('Expected more than 0 arguments'),
  'vararg-operand': plain('tried to use vararg with operator', 'Accumulate over the values instead.'),
  'expected-table': plain('expected table argument'),
  'tset-arguments': plain('expected table, key, and value arguments'),
  'tset-literal': plain('cannot set field of literal value'),
  'method-arguments': plain('expected at least 2 arguments'),
  'lua-arguments': plain('expected 1 or 2 arguments'),
  'pick-count': {
    say: (text: string) => `Expected n to be an integer >= 0, got ${text}`,
    help: null,
  },
  'tail-argument': plain('Expected one argument'),
  'tail-call': plain('Expected a function call as argument'),
  'tail-position': plain('Must be in tail position'),
  'too-many-arguments': plain(
    'too many arguments for one call',
    'Put them in a table and pass that, or unpack it.',
  ),
  'too-many-parameters': plain('too many parameters for one function'),
  'too-many-upvalues': plain(
    'function uses too many locals from outside',
    'Keep the values in a table; Lua takes no more than 255.',
  ),
  'too-many-values': plain(
    'too many values at once',
    'Give names to inner forms, or keep values in a table; Lua has 255 places in a function.',
  ),

  // Control
  'if-body': plain('expected condition and body'),
  'binding-table': plain('expected binding table', 'Put names and iterator in square brackets.'),
  'each-binding': plain('expected binding and iterator'),
  'iterator-clause': {
    say: (name: string) => `unexpected iterator clause: ${name}`,
    help: null,
  },
  'for-arguments': plain('unexpected arguments'),
  'for-range': plain('expected range to include start and stop'),

  // Quoting and macros
  'unquote-outside': plain(
    'tried to use unquote outside quote',
    'Quote the form around it, or drop the comma.',
  ),
  'quoted-symbol': plain('symbols may only be used at compile time'),
  'quoted-list': plain('lists may only be used at compile time'),
  'quoted-vararg': plain('quoted ... may only be used at compile time'),
  'macros-table': plain('Expected one table argument'),
  'macros-not-table': plain('expected macros to be table', 'End the module with a table of functions.'),
  'macro-not-function': plain(
    'expected each macro to be function or callable table',
    'Every value in the table is a function.',
  ),
  'macro-name': plain('expected symbol for macro name'),
  'macro-missing': {
    say: (name: string, module: string) => `macro ${name} not found in module ${module}`,
    help: null,
  },
  'macro-not-callable': plain('macro not found, or not callable, in macro table'),
  'import-pairs': plain('expected even number of binding/modulename pairs'),
  'macro-module-missing': {
    say: (name: string) => `${name} module not found.`,
    help: null,
  },
  'macro-module-argument': plain('Expected one module name argument'),
  'macro-module-name': plain('module name must compile to string'),
  'module-literal': plain('module name must be string literal'),
  'module-missing': {
    say: (name: string) => `module not found ${name}`,
    help: null,
  },
  'circular-include': plain('circular include detected'),
  'circular-macros': {
    say: (name: string) => `macro module ${name} requires itself`,
    help: null,
  },
  'no-macro-host': plain('macros cannot run here'),
  'endless-expansion': plain('macro expansion does not come to an end'),

  // The built-in macros
  'macro-usage': { say: (message: string) => message, help: null },

  // Patterns
  'pattern-usage': { say: (message: string) => message, help: null },
} as const satisfies Record<string, Problem>;

export type Code = keyof typeof problems;

export type Words<C extends Code> = Parameters<(typeof problems)[C]['say']>;

/** The diagnostic of a code at a place. */
export function problem<C extends Code>(
  code: C,
  span: Place,
  notes: readonly Note[] = [],
  ...words: Words<C>
): Diagnostic {
  const { say, help } = problems[code] as Problem;
  return diagnostic({ code, message: say(...(words as never[])), span, notes, hint: help });
}
