import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quotableConfig } from '../../lib/config/quote.ts';

const test = suite('config/quote');

const cases: [name: string, text: string, shown: string][] = [
  ['settings are shown', '{:max-runs "three"}', '{:max-runs "three"}'],
  [
    'the texts of secrets are not, the rest of the line is',
    '{:secrets {:a "ab\\"cd" :b :word} :max-runs "three"}',
    '{:secrets {:a "•••"••" :b •••••} :max-runs "three"}',
  ],
  [
    'wherever in :secrets they are',
    '{:secrets {:a {:value "x" :refs ["y"]}}}',
    '{:secrets {:a {:value "•" :refs ["•"]}}}',
  ],
  ['over several lines', '{:secrets {:a "x\ny"}\n :b "z"}', '{:secrets {:a "•\n•"}\n :b "z"}'],
  [
    'every string, when secrets are computed',
    '(local key "x")\n{:secrets {:a key} :b "z"}',
    '(local key "•")\n{:secrets {:a key} :b "•"}',
  ],
  [
    'every string, when the table is',
    '(let [t {}] (set t.secrets {:a "x"}) t)',
    '(let [t {}] (set t.secrets {:a "•"}) t)',
  ],
  ['every string, when it can not be read', '{:secrets {:a "x y" :b "z}', '{:secrets {:a "•••" :b "••'],
];
for (const [name, text, shown] of cases) test(name, () => assert.is(quotableConfig(text), shown));

test.run();
