/**
 * Functions: `fn lambda λ hashfn`, with parameters that are patterns, docstrings and metadata.
 *
 * Must not know: how a body's forms are compiled.
 */
import { bind, bindExpr, restOfArguments } from '../bind.ts';
import { allocateName, freshName, inFunction } from '../blocks.ts';
import { type Context, type Frame, fault, newFrame, type Special, wantReturn } from '../context.ts';
import { compileBody, deliver, emit } from '../deliver.ts';
import type { Form, ListForm, Place, SequenceForm, SymbolForm } from '../forms.ts';
import { isName, isSymbol, isTable, plainText } from '../forms-of.ts';
import { bytesOfText, multiSymbol } from '../names.ts';
import { fieldsOf, globalExpr, isGlobalAllowed, partsOf } from '../resolve.ts';
import type { LocalBinding } from '../scope.ts';
import { declare, declareName, declaring } from '../targets.ts';
import {
  binaryExpr,
  callExpr,
  type Expr,
  type FunctionExpr,
  globalField,
  nameExpr,
  nil,
  numberExpr,
  stringExpr,
} from '../tree.ts';

/** A function can't have more parameters than Lua has room for. */
const mostParameters = 180;

type Parts = {
  readonly name: SymbolForm | null;
  readonly parameters: SequenceForm;
  readonly body: readonly Form[];
  /** Whether missing arguments are refused, as `lambda` does. */
  readonly checked: boolean;
};

const define =
  (checked: boolean): Special =>
  (call, cx, want) => {
    const name = isName(call.items[1]) ? call.items[1] : null;
    const parts = name === null ? null : multiSymbol(name.name);
    const target = name === null ? null : parts === null ? declare(cx, name, call.span) : 'field';
    const at = name === null ? 1 : 2;
    const parameters = parameterList(call.items[at]);
    if (parameters === null) {
      fault(cx, checked ? 'expected-argument-list' : 'expected-parameters', call.span);
      return deliver(cx, want, [nil], call.span);
    }
    const body = withoutMetadata(call.items.slice(at + 1));
    const made: Parts = { name, parameters, body, checked };
    if (target === 'field' && name !== null) {
      const field = fieldTarget(cx, name);
      if (field === null) return deliver(cx, want, [nil], call.span);
      const value = compileFunction(call, cx, made);
      emit(cx, { kind: 'assign', targets: [field], values: [value], at: call.span });
      return want.kind === 'drop' ? [] : deliver(cx, want, [field], call.span);
    }
    const value = compileFunction(call, cx, made);
    if (target === null || target === 'field') return deliver(cx, want, [value], call.span);
    if (target.kind === 'name') {
      emit(cx, { kind: 'local-function', name: target.name, value, at: call.span });
    } else emit(cx, { kind: 'assign', targets: [target], values: [value], at: call.span });
    return deliver(cx, want, want.kind === 'drop' ? [] : [target], call.span);
  };

function parameterList(form: Form | undefined): SequenceForm | null {
  if (form?.type === 'sequence') return form;
  return form?.type === 'table' && form.entries.length === 0
    ? { type: 'sequence', items: [], span: form.span }
    : null;
}

/** A docstring, a metadata table, or one after the other, count as such only before other code. */
function withoutMetadata(forms: readonly Form[]): readonly Form[] {
  let body = forms;
  if (body.length > 1 && body[0]?.type === 'string') body = body.slice(1);
  if (body.length > 1 && body[0]?.type === 'table') body = body.slice(1);
  return body;
}

/** Where `(fn t.name …)` puts its function. */
function fieldTarget(cx: Context, name: SymbolForm): Expr | null {
  if (multiSymbol(name.name)?.method) {
    fault(cx, 'unexpected-multisym', name.span, name.name);
    return null;
  }
  const parts = partsOf(name.name, cx);
  const first = parts[0] ?? name.name;
  const binding = cx.unit.scopes.find(first);
  if (binding?.kind === 'local') {
    binding.used = true;
    return fieldsOf(binding.target, parts);
  }
  if (!isGlobalAllowed(first, cx)) {
    fault(cx, 'expected-table-local', name.span, first);
    return null;
  }
  return fieldsOf(globalExpr(first, cx), parts);
}

function compileFunction(call: ListForm, cx: Context, parts: Parts): FunctionExpr {
  const { parameters } = parts;
  const vararg = parameters.items.some((item) => isSymbol(item, '...') || isSymbol(item, '&'));
  const frame = newFrame({ vararg, insideHash: cx.frame.insideHash });
  const names: string[] = [];
  if (parameters.items.length > mostParameters) fault(cx, 'too-many-parameters', parameters.span);
  const body = inFunction(cx, frame, (inner) => {
    const rest = declareParameters(call, inner, parameters, names);
    if (parts.checked) checkArguments(inner, parameters);
    if (rest !== null) {
      bind(inner, rest, restOfArguments(rest.span), declaring(inner, false, call.span), call);
    }
    if (parts.body.length > 0) compileBody(inner, parts.body, wantReturn, call.span);
    else if (parts.checked) deliver(inner, wantReturn, [nil], call.span);
  });
  return { kind: 'function', parameters: vararg ? [...names, '...'] : names, body };
}

/** Declares the parameters; gives the pattern after `&`, if there is one. */
function declareParameters(
  call: ListForm,
  cx: Context,
  parameters: SequenceForm,
  names: string[],
): Form | null {
  const { items } = parameters;
  for (const [i, item] of items.entries()) {
    if (isSymbol(item, '...')) {
      if (i < items.length - 1) fault(cx, 'vararg-not-last', call.span);
      return null;
    }
    if (isSymbol(item, '&')) {
      const rest = items[i + 1];
      if (i === items.length - 2 && rest !== undefined) return rest;
      fault(cx, 'rest-not-last', rest?.span ?? parameters.span);
      return null;
    }
    if (isName(item) && multiSymbol(item.name) === null) names.push(declareName(cx, item, call.span));
    else if (isTable(item)) {
      const name = allocateName(cx, freshName(cx));
      names.push(name);
      const targets = declaring(cx, false, call.span);
      bindExpr(cx, item, nameExpr(name), targets, call);
      targets.finish();
    } else fault(cx, 'bad-parameter', parameters.span, plainText(item));
  }
  return null;
}

/** Raises at the caller's line when an argument that must be there is nil. */
function checkArguments(cx: Context, form: Form): void {
  if (form.type === 'sequence') for (const item of form.items) checkArguments(cx, item);
  else if (form.type === 'table') for (const [, part] of form.entries) checkArguments(cx, part);
  else if (isName(form) && !/^[?_&]/.test(form.name)) {
    const binding = cx.unit.scopes.find(form.name);
    if (binding?.kind !== 'local') return;
    const where = form.span === null ? 'unknown:?' : `${form.span.file}:${form.span.start.line}`;
    const message = stringExpr(bytesOfText(`Missing argument ${form.name} on ${where}`));
    const raise = callExpr(globalField('error'), [message, numberExpr('2')]);
    emit(cx, {
      kind: 'if',
      clauses: [
        {
          condition: binaryExpr('==', [binding.target, nil]),
          body: [{ kind: 'call', call: raise, at: form.span }],
        },
      ],
      otherwise: null,
      at: form.span,
    });
  }
}

const hashfn: Special = (call, cx, want) => {
  const [, form] = call.items;
  if (call.items.length !== 2 || form === undefined) {
    return deliver(cx, want, fault(cx, 'one-argument', call.span), call.span);
  }
  const hash = { usesRest: mentionsRest(form) };
  const frame: Frame = newFrame({ hash, insideHash: true });
  const arguments_: { name: string; binding: LocalBinding }[] = [];
  const body = inFunction(cx, frame, (inner) => {
    for (let i = 1; i <= 9; i += 1) arguments_.push(declareHashArgument(inner, `$${i}`, call.span));
    inner.unit.compile(form, inner, wantReturn);
  });
  const count = arguments_.findLastIndex(({ binding }) => binding.used) + 1;
  if (hash.usesRest && count > 0) fault(cx, 'mixed-hashfn', call.span);
  const names = arguments_.slice(0, count).map(({ name }) => name);
  const parameters = hash.usesRest ? ['...'] : names;
  return deliver(cx, want, [{ kind: 'function', parameters, body }], call.span);
};

/** Whether `$...` is used anywhere in a hash function; those inside it have their own. */
function mentionsRest(form: Form): boolean {
  switch (form.type) {
    case 'symbol':
      return form.name === '$...';
    case 'list':
      return !isSymbol(form.items[0], 'hashfn') && form.items.some(mentionsRest);
    case 'sequence':
      return form.items.some(mentionsRest);
    case 'table':
      return form.entries.some(([key, value]) => mentionsRest(key) || mentionsRest(value));
    default:
      return false;
  }
}

function declareHashArgument(
  cx: Context,
  symbol: string,
  place: Place,
): { name: string; binding: LocalBinding } {
  const name = cx.unit.scopes.reserve(symbol);
  const binding: LocalBinding = { kind: 'local', target: nameExpr(name), isVar: false, place, used: false };
  cx.unit.scopes.bind(symbol, binding);
  return { name, binding };
}

export const functionSpecials: Readonly<Record<string, Special>> = {
  fn: define(false),
  lambda: define(true),
  λ: define(true),
  hashfn,
};
