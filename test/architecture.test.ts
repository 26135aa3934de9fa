/**
 * The floor plan as a test: who may import whom, which package stays behind which wall, how long a file may be.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('..', import.meta.url));
const test = suite('architecture');

const floors = [
  ['base'],
  ['fennel', 'lua', 'git', 'secrets', 'process'],
  ['pipeline', 'runs', 'evaluate'],
  ['store', 'script', 'executors', 'config'],
  ['runner', 'site'],
  ['watch', 'cleanup'],
  ['cli'],
];
const floorOf = (room: string): number => floors.findIndex((rooms) => rooms.includes(room));

/** Which room alone may import a package; `node:fs` has a file of its own. */
const walls: Readonly<Record<string, string>> = {
  zx: 'lib/process/',
  'simple-git': 'lib/git/',
  fengari: 'lib/lua/',
  yaml: 'lib/store/',
  eta: 'lib/site/',
  anser: 'lib/site/',
  chokidar: 'lib/watch/',
  commander: 'lib/cli/',
  fs: 'lib/base/files.ts',
  'fs/promises': 'lib/base/files.ts',
};

/** Files that are mostly a table may be longer than this. */
const budget = 400;

const sources = (under: string): string[] =>
  readdirSync(join(root, under), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(under, name))
    .sort();

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const room = (file: string): string => file.split('/')[1] ?? '';

const importsOf = (file: string): string[] =>
  [
    ...read(file).matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)\s*import\s*'([^']+)'/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, '')).replace(/^\s*\/\/.*$/gm, '');

const lib = sources('lib');

test('every room has a floor', () => {
  const unknown = [...new Set(lib.map(room))].filter((name) => floorOf(name) < 0);
  assert.equal(unknown, []);
});

test('an import goes down a floor, never sideways or up, types included', () => {
  const wrong: string[] = [];
  for (const file of lib) {
    for (const name of importsOf(file).filter((specifier) => specifier.startsWith('.'))) {
      const to = relative(root, normalize(join(root, dirname(file), name)));
      if (!to.startsWith('lib/')) wrong.push(`${file} -> ${to}`);
      else if (room(to) !== room(file) && floorOf(room(to)) >= floorOf(room(file)))
        wrong.push(`${file} -> ${to}`);
    }
  }
  assert.equal(wrong, []);
});

test('no circle, not even inside a room', () => {
  const below = new Map(
    lib.map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => relative(root, normalize(join(root, dirname(file), specifier)))),
    ]),
  );
  const over = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (over.has(file) || path.includes(file)) return;
    for (const next of below.get(file) ?? []) walk(next, [...path, file]);
    over.add(file);
  };
  for (const file of lib) walk(file, []);
  assert.equal(circles, []);
});

test('each package stays behind its wall', () => {
  const wrong = lib.flatMap((file) =>
    importsOf(file)
      .map((specifier) => specifier.replace(/^node:/, ''))
      .filter((specifier) => {
        const name = Object.keys(walls).find(
          (wall) => specifier === wall || specifier.startsWith(`${wall}/`),
        );
        return name !== undefined && !file.startsWith(walls[name] ?? '');
      })
      .map((specifier) => `${file} imports ${specifier}`),
  );
  assert.equal(wrong, []);
});

test('no file outgrows its budget', () => {
  const long = lib
    .map((file) => ({
      file,
      lines: withoutComments(read(file))
        .split('\n')
        .filter((line) => line.trim() !== '').length,
    }))
    .filter(({ file, lines }) => lines > budget && !read(file).includes('\n * A table.'));
  assert.equal(long, []);
});

test('every file says what it is for and what it must not know', () => {
  const silent = lib.filter((file) => !/^\/\*\*[\s\S]*?[Mm]ust not know[\s\S]*?\*\//.test(read(file)));
  assert.equal(silent, []);
});

test('nothing prints but the command line', () => {
  const loud = lib
    .filter((file) => room(file) !== 'cli')
    .filter((file) => /\bconsole\.|process\.(stdout|stderr)\.write/.test(withoutComments(read(file))));
  assert.equal(loud, []);
});

test('only the rules make a Pipeline', () => {
  const makers = lib.filter((file) => /\bas Pipeline\b/.test(withoutComments(read(file))));
  assert.is(makers.length, 1, makers.join(' '));
});

test('no drawer rooms', () => {
  const drawers = lib.filter((file) => /(^|\/)(utils?|helpers?|common|core|types)(\/|\.ts$)/.test(file));
  assert.equal(drawers, []);
});

test('every suite in a test file is run', () => {
  const asleep = sources('test')
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => !/\.run\(\)/.test(read(file)));
  assert.equal(asleep, []);
});

test.run();
