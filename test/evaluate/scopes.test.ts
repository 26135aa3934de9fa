/** Where a name may be a local although a global of this name was used before, and forms without any value. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { view } from './rig.ts';

const test = suite('evaluate/scopes');

const shown = (program: string): string => {
  const viewed = view(program);
  return 'values' in viewed ? viewed.values.join(' ') : viewed.message;
};

const aliased = 'use of global type is aliased by a local';

const programs: readonly (readonly [program: string, shown: string])[] = [
  ['(for [i 1 2] (type i)) (local type 5) type', '5'],
  ['(each [_ x (ipairs [1])] (type x)) (local type 5) type', '5'],
  ['(each [_ x (ipairs [1]) &until (type x)] x) (local type 5) type', aliased],
  ['(while false (type 1)) (local type 5) type', '5'],
  ['(while (not (type 1)) 1) (local type 5) type', '5'],
  ['(local a (or nil (type 1))) (local type 5) type', '5'],
  ['(and 1 (let [a (type 1)] a)) (local type 5) type', aliased],
  ['(if (and 1 (type 1)) 1) (local type 5) type', aliased],
  ['(for [a.b 1 2] 1)', 'unexpected multi symbol a.b'],
  ['(each [a:b (pairs {})] 1)', 'unexpected multi symbol a:b'],
  ['(icollect [_ a.b (ipairs [])] 1)', 'unexpected multi symbol a.b'],
  ['(fn f [(a b)] a)', 'expected symbol for function parameter: (a b)'],
  ['(for [(i) 1 2] 1)', 'unable to bind table (i)'],
  ['(select :# (do))', '0'],
  ['(fn f [] (do)) (select :# (f))', '0'],
  ['(let [x (do)] x)', 'nil'],
  ['(values (do) 2)', 'nil 2'],
];

for (const [program, expected] of programs) {
  test(program, () => assert.is(shown(program).split('\n')[0], expected));
}

test.run();
