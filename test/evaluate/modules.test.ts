/**
 * Which files modules are, and what a program can reach.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { candidates } from '../../lib/evaluate/modules.ts';
import { evaluatorOf, failed, shown } from './rig.ts';

const test = suite('evaluate/modules');

test('the order in which files are looked for', () => {
  assert.equal(candidates('a.b', 'module', '.quire/'), [
    '.quire/a/b.fnl',
    '.quire/a/b/init.fnl',
    '.quire/a/b.lua',
    '.quire/a/b/init.lua',
  ]);
  assert.equal(candidates('a', 'macros', ''), ['a.fnlm', 'a.fnl', 'a/init-macros.fnl', 'a/init.fnl']);
});

test('no name leads out of the folder', () => {
  for (const name of ['', '.', '..', '...', '/etc/passwd', '..a', 'a..b', 'a/', 'a\0b']) {
    assert.equal(candidates(name, 'module', 'x/'), [], name);
  }
});

test('a Fennel file comes before a Lua file', () => {
  assert.is(shown('(require :m)', { 'm.fnl': ':fennel', 'm.lua': 'return "lua"' }), '"fennel"');
});

test('a module that failed can be asked for again', () => {
  const program = '(values (pcall require :m) (pcall require :m))';
  assert.match(shown(program, { 'm.fnl': '(error "no" 0)' }), /false false "no"/);
});

test('a module whose value is false is loaded again, as in Lua', () => {
  const program = '(require :m) (require :m) _G.count';
  assert.is(shown(program, { 'm.fnl': '(set _G.count (+ 1 (or _G.count 0))) false' }), '2');
});

test('two modules that need each other at once', () => {
  const failure = failed('(require :a)', { 'a.fnl': '(require :b)', 'b.fnl': '(require :a)' });
  assert.match(failure.message, /loop or previous error loading module 'a'/);
});

test('a byte order mark and carriage returns just work', () => {
  assert.is(shown('\ufeff(local x 1)\r\n(+ x 1)\r\n'), '2');
  assert.is(shown('(require :m)', { 'm.lua': '\ufeffreturn 1\r\n' }), '1');
});

test('a main program in Lua', () => {
  const evaluator = evaluatorOf({ 'm.fnl': '(fn [x] (* x 2))' });
  const ran = evaluator.evaluate('ci.lua', 'return require("m")(21), ...');
  assert.equal(ran.ok && ran.value, [42]);
});

test('there is no built-in module but fennel', () => {
  for (const name of ['quire.ci', 'os', 'string', '_G', 'io', 'package', 'fengari']) {
    const program = `(pick-values 1 (pcall require "${name}"))`;
    assert.is(shown(program), 'false', name);
  }
  assert.is(
    shown('(let [f (require :fennel)] [(f.view [1]) (= f.view (require :fennel.view))])'),
    '["[1]" true]',
  );
});

test('a module may have the name of one of Lua’s libraries', () => {
  const files = { 'table.fnl': '{:mine true}', 'string.lua': 'return nil' };
  assert.is(
    shown('[(. (require :table) :mine) (require :string) (string.rep :a 2)]', files),
    '[true true "aa"]',
  );
});

test('macros that are in no tree', () => {
  const evaluator = evaluatorOf(
    {},
    { macroModules: new Map([['built.in', { file: 'built-in.fnl', text: '{:twice (fn [x] `(* 2 ,x))}' }]]) },
  );
  const ran = evaluator.evaluate('ci.fnl', '(import-macros {: twice} :built.in)\n(twice 4)');
  assert.equal(ran.ok && ran.value, [8]);
});

test('print is heard, from programs and from macros', () => {
  const lines: string[] = [];
  const evaluator = evaluatorOf({}, { print: (line) => lines.push(line) });
  evaluator.evaluate('ci.fnl', '(macro m [] (print "compiling é") 1)\n(print (m) [] nil 1.0 "x")');
  assert.is(lines[0], 'compiling é');
  assert.match(lines[1] ?? '', /^1\ttable: 0x[0-9a-f]+\tnil\t1\.0\tx$/);
});

test.run();
