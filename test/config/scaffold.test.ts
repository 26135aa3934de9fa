import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scaffoldFor } from '../../lib/config/scaffold.ts';

const test = suite('config/scaffold');

const cases: [names: string[], scaffold: string][] = [
  [['src', 'package.json'], 'node'],
  [['Cargo.toml', 'Makefile'], 'rust'],
  [['go.mod'], 'go'],
  [['pyproject.toml'], 'python'],
  [['Makefile'], 'make'],
  [['README.md'], 'plain'],
  [[], 'plain'],
];
for (const [names, scaffold] of cases)
  test(`[${names.join(' ')}] is ${scaffold}`, () => assert.is(scaffoldFor(names), scaffold));

test.run();
