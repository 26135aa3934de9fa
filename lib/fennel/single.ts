/**
 * Whether a form surely has exactly one value, so that a local can hold what it gives.
 *
 * Looks at the form only. Must not know: how anything is compiled.
 */
import type { Form } from './forms.ts';

const single = new Set(
  (
    '+ - * / // % ^ .. = not= ~= < > <= >= not length # band bor bxor bnot lshift rshift . ?. fn lambda λ ' +
    'hashfn quote partial collect icollect fcollect set tset each for while global comment'
  ).split(' '),
);
/** Forms whose values are those of their last form. */
const lastOf = new Set(['do', 'let', 'when']);

export function hasOneValue(form: Form | undefined): boolean {
  if (form === undefined) return false;
  if (form.type === 'symbol') return form.name !== '...' && form.name !== '$...';
  if (form.type !== 'list') return true;
  const [head, ...rest] = form.items;
  if (head?.type !== 'symbol') return false;
  if (single.has(head.name)) return true;
  if (lastOf.has(head.name)) return rest.length > 1 && hasOneValue(rest.at(-1));
  if (head.name === 'if') return branchesHaveOneValue(rest);
  if (head.name === 'case' || head.name === 'match') {
    return rest.length > 2 && rest.every((body, i) => i % 2 === 1 || i === 0 || hasOneValue(body));
  }
  return false;
}

/** Of `if`'s conditions and bodies: whether every body has one value (a missing last one is nil). */
export const branchesHaveOneValue = (forms: readonly Form[]): boolean =>
  forms.every((form, i) => (i % 2 === 0 && i < forms.length - 1) || hasOneValue(form));
