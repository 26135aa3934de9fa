import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { literalValue } from '../../lib/config/literal.ts';
import { examineConfig } from '../../lib/config/read.ts';

const test = suite('config/literal');

const literal = [
  '{}',
  '{ ;; nothing is set\n}',
  '{:max-runs 2}',
  '{:timeout "5m" :replace false :env {:A "1" :B "two words"}}',
  '{:max-jobs 3.0 :eval-timeout 0.5}',
  '{:pass-env [:A :B] :secrets {:token {:file "/x" :refs ["refs/heads/main"]}}}',
  ';; a comment\n{:max-runs 1 :max-runs 2}',
  '{:env {:A "\\u{fc}\\n" "b c" "d"}}',
];
for (const text of literal) {
  test(`needs no VM and means the same: ${text}`, () => {
    // The same text with a computation around it goes through the VM.
    const evaluated = examineConfig('config.fnl', Buffer.from(`(do ${text}\n)`));
    const direct = literalValue('config.fnl', text);
    assert.ok(evaluated.ok && direct !== undefined);
    assert.equal(direct, evaluated.ok ? evaluated.value.value : null);
  });
}

const computed = [
  '(let [x 1] {:max-runs x})',
  '{:max-runs (+ 1 1)}',
  '{:env {}}',
  '{1 2}',
  '{:a nil}',
  '{: x}',
  '{:a "\\xff"}',
  '',
  '{:a 1} {:b 2}',
  '{:a',
];
for (const text of computed) {
  test(`is left to the VM: ${text}`, () => assert.is(literalValue('config.fnl', text), undefined));
}

test.run();
