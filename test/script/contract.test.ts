/**
 * Every line of the contract's §3 and §8, and the test that shows it.
 *
 * A row is a phrase of the contract, then where it is shown: `script/entry: a symlink` is a test of that name (or
 * the beginning of it) in `test/script/entry.test.ts`; `runner` alone is a room whose own tests show it.
 */
import * as fs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('script/contract');

const language: [phrase: string, ...shownBy: string[]][] = [
  ['Read from the pushed commit with git, never from a checkout', 'git', 'runner'],
  ['only a regular file counts (a symlink is a diagnostic)', "script/entry: ['a symlink'"],
  ['Both present is an error', "script/entry: ['both files'"],
  ['`load loadstring loadfile dofile collectgarbage`', 'script/modules: (load "return 1")', 'lua'],
  ["`os.date os.time os.clock os.difftime`, all with PUC Lua 5.3's results", 'lua'],
  [
    'No `io`, no `debug`, no `package` searchers',
    'script/modules: (io.open',
    'script/modules: (require :package)',
  ],
  [
    '`require` knows `quire.ci`, `quire.runtime`, `quire.stdlib`',
    'script/primitives: the runtime table is one',
    'script/registration: quire.stdlib: mirror asks',
  ],
  ['`fennel` (`view` only)', 'script/modules: fennel gives view'],
  [
    '(`(require :helpers)` → `.quire/helpers.fnl` or `.lua`',
    'script/modules: require finds Fennel and Lua files',
  ],
  ['macros through `import-macros`', 'script/modules: macros from a file of .quire/'],
  ['Integers are 32 bits: a literal past that is a float, arithmetic wraps', 'lua'],
  ['`print` is `log` in a run function', 'script/primitives: print goes to the job'],
  ['Evaluation has a time limit', 'script/limits: a diagnostic, never a hang'],
  ['in a run function per stretch between two primitives', 'script/limits: in a run function each stretch'],
  ['a memory limit (`:eval-memory`', 'script/limits: (string.rep "x" 1000000000)'],
  [
    'never a hang, and no `pcall` survives it',
    'script/limits: (while true (pcall error :x))',
    'script/thread: loop',
  ],
  ['(local ci (require :quire.ci))', 'script/modules: the pipeline of the contract'],
  ['(ci.image "node:22")', 'script/registration: the image'],
  ['(ci.job :build [:quire/push]', 'script/modules: the pipeline of the contract'],
  ['(ci.job :test  [:build]', 'script/modules: the pipeline of the contract'],
  ['(ci.job :lint {', 'script/modules: the pipeline of the contract'],
  ['(ci.job :report {', 'script/modules: the pipeline of the contract'],
  ['(ci.mirror "https://example.org/me/r.git"', 'script/modules: the pipeline of the contract'],
  ['`(ci.job id inputs run)` or `(ci.job id {', 'script/registration: (ci.job :a {:inputs'],
  ['an unknown key is an error. Registering', 'script/bad: every code has a program'],
  ['Registering inside a run function is an error', 'script/registration: nothing can be registered inside'],
  [
    'All problems are reported together, each once, with file, line and code',
    'pipeline/rules: the two ways to say all at once',
    'script/bad: all problems, each once, where they are',
  ],
  ['empty inputs', "pipeline/rules: 'no inputs'"],
  ['`/` in an id', "pipeline/rules: 'an id with a slash'"],
  ['an id that is empty', "pipeline/rules: 'an empty id'"],
  ['begins with `.`', "pipeline/rules: 'an id with a dot in front'"],
  ['is `quire`', "pipeline/rules: 'a reserved id'"],
  ['is longer than 100 bytes', "pipeline/rules: 'an id of 101 bytes'"],
  ['holds a control character', "pipeline/rules: 'an id with a control character'"],
  ['a duplicate id', "pipeline/rules: 'a duplicate'"],
  ['a second image', 'pipeline/rules: a second image shows the first'],
  ['a bad mirror call, a wrong argument type', 'script/bad: every code has a program'],
  ['every cycle (its members, sorted; a self-edge is one)', 'pipeline/rules: a cycle names its members'],
  [
    'every job that no source reaches',
    "pipeline/rules: 'a cycle is told once, what it feeds is unreachable'",
  ],
  [
    'an input that names nothing (with the nearest name)',
    'pipeline/rules: an unknown input suggests the nearest name',
  ],
  [
    'Run functions get the runtime table',
    'script/primitives: the runtime table is one',
    'script/registration: the same in Lua',
  ],
  ['It may be taken and destructured while registering', 'script/primitives: the runtime table is one'],
  [
    '*calling* a primitive outside a run function',
    'script/primitives: outside of a run function primitives say',
  ],
  ['An unknown key is an error that lists the known ones', "script/primitives: unknown primitive 'shh'"],
  ['| primitive | meaning |', 'script/primitives: raises: '],
  ['| --- | --- |', 'script/primitives: raises: '],
  ['a string goes to `sh -c`', 'script/primitives: (fn [{: sh}] (sh "make"))', 'executors'],
  ['a non-empty sequence of strings is an argv', 'script/primitives: (sh ["make" "a b" "$x"])', 'executors'],
  [
    '`opts`: `:env` `:cwd` (inside the workspace) `:timeout` `:stdin`',
    'script/primitives: :timeout "5m" :stdin',
  ],
  ['an unknown key is an error. Returns', 'script/primitives: sh: unknown option :envv'],
  ['Returns `{:exit :stdout :stderr :cmd}`', 'script/primitives: const result'],
  ['the first 4 MiB of each stream', 'script/primitives: truncated: true', 'runner'],
  ['A non-zero exit is a value, not an error', 'script/outcomes: complete: '],
  ['a missing program, a bad `cwd`', 'script/primitives: a command that can not start raises', 'process'],
  ['begins with `QUIRE_` raises', 'script/primitives: sh: :env has the name QUIRE_X'],
  ['`(sh! cmd opts?)`', 'script/outcomes: (sh! "exit 3")'],
  ['`(secret name)`', "script/primitives: secret: there is no secret 'nothing'"],
  ['`(jobs name)`', 'script/primitives: jobs answers with the outputs'],
  [
    '`(read-file path)` `(read-json path)` `(write-file path text)`',
    'script/primitives: read-json',
    'runner',
  ],
  ["| `(log text)` | a line of the job's log |", "script/primitives: { want: 'log'"],
  ["| `(env name)` | a variable of the job's environment |", "script/primitives: { want: 'env'", 'runner'],
  ['it raised → `failed`', 'script/outcomes: (error "no luck")'],
  ['a table that has an `exit` other than 0', 'script/outcomes: returned a table whose exit is 1'],
  ['"command 2 exited 3 and its result was never checked"', "script/outcomes: never(2, 'exited 3')"],
  [
    'a look: reading `exit`, `pairs`, `next` or `view`',
    'script/outcomes: (next (sh "exit 1"))',
    'script/modules: fennel gives view',
  ],
  ['its being anywhere in the returned value', 'script/outcomes: {:lint {:result (sh "exit 1")}}'],
  ['It returned nil and ran, wrote and logged nothing', 'script/outcomes: did nothing: '],
  ['Otherwise `complete`, and a returned table is its `outputs`', 'script/outcomes: complete: '],
  ['plain data, copied at once', 'script/outcomes: outputs are a copy'],
  ['keys 1…n make a sequence', 'script/outcomes: (fn [] [1 nil 3])', 'script/outcomes: math.huge'],
  [
    'integers and floats stay apart',
    'script/outcomes: new LuaFloat(2)',
    'script/thread: asks, answers and outputs cross',
  ],
  ['A failed job makes its transitive dependents `skipped`', 'runner'],
  ['`:retry n` runs it again up to n times', 'script/outcomes: a second attempt knows nothing', 'runner'],
  ['SIGTERM, 5 s, SIGKILL', 'process', 'executors'],
  ['A command is over when its process exits', 'process', 'executors'],
  ["The workspace is exactly the commit's tree", 'git'],
  ['Jobs whose inputs are done run at the same time', 'script/thread: jobs are under way at once', 'runner'],
  [
    "Primitives work inside `pcall` and inside the pipeline's own coroutines",
    'script/primitives: primitives work inside',
  ],
  ['"call sh outside the callback"', 'script/primitives: not inside '],
  ['`:quire/push` gives `sha ref branch tag', 'script/primitives: (jobs :quire/push)', 'git', 'runner'],
  ['In a local run: HEAD and its branch', 'git', 'runner'],
  ['`ci.mirror` registers `quire/mirror`', 'script/registration: mirrors are jobs of their own'],
  ['`:refs` (names or `*` globs) is gate and list', 'script/registration: {:refs ["refs/heads/*"]}'],
  [
    '`:tag` (text or function of the push; nil: no tag)',
    'script/registration: a tag function that gives no text',
  ],
  ['one that exists at the same commit is fine, elsewhere a failure. Nothing is forced', 'git'],
  ['`:secret` names a token', 'script/registration: {:secret :token}', 'git'],
  ['Outputs `{:tag :refs}`', 'runner'],
  ['a missing key raises', 'script/registration: quire.stdlib: mirror raises without'],
  ['`(defrun [sh jobs] …)` is a zero-argument function', 'script/modules: defrun binds primitives'],
  ['The environment of a command', 'runner', 'executors'],
];

const settings: [phrase: string, ...shownBy: string[]][] = [
  ['One table. Keys:', 'config/check: an empty file and an empty table'],
  ['`:secrets {name "text"', "config/check: { secrets: { a: { file: '/s/a' } } }"],
  ['{:value … :refs ["refs/heads/main"]}', 'config/check: a secret whose refs can not be read', 'secrets'],
  ['`:executor`', "config/check: { executor: 'docker' }"],
  ['`:docker`', 'config/check: podman'],
  ['`:max-runs` `:max-jobs`', "config/check: 'max-runs': 3"],
  ['`:fail-fast`', "config/check: 'fail-fast': true"],
  ['`:timeout` `:eval-timeout` `:eval-memory` `:log-limit`', "config/check: 'log-limit': 1000"],
  ['`:replace`', 'config/check: replace: false'],
  ['`:path` `:env` `:pass-env`', "config/check: 'pass-env': ['SSH_AUTH_SOCK']"],
  ['`:site {:url :title :dir}`', "config/check: dir: '/data/quire/www'"],
  ['`:cleanup {:keep :older-than :keep-failed}`', "config/check: 'keep-failed': 0"],
  ['`:mirrors {url secret-name}`', 'config/check: a mirror names a secret', 'runner'],
  ['An unknown key is a warning with the nearest known one', 'config/read: an unknown key has its place'],
  [
    'a wrong type is an error with file, line and key',
    'config/read: a wrong type has its place',
    'config/check: wrong: ',
  ],
  ['a broken config never loses a push', 'config/read: broken: ', 'runner'],
  ['Secret values of 8 bytes or more that a run revealed are replaced', 'secrets', 'runner'],
];

const shown = ['runner', 'git', 'lua', 'executors', 'process', 'secrets'] as const;

for (const [phrase, ...shownBy] of [...language, ...settings]) {
  test(`shown: ${phrase}`, () => {
    for (const place of shownBy) {
      const [room = '', title] = place.split(/: (.*)/s);
      if (title === undefined) {
        assert.ok((shown as readonly string[]).includes(room) && fs.existsSync(`test/${room}`), place);
        continue;
      }
      const source = fs.readFileSync(`test/${room}.test.ts`, 'utf8');
      assert.ok(source.includes(title), `${place}: no such test`);
    }
  });
}

/** The lines of a numbered section that say something. */
function linesOf(contract: string, section: number): string[] {
  const from = contract.indexOf(`\n## ${section}.`);
  const until = contract.indexOf(`\n## ${section + 1}.`);
  const [, ...lines] = contract.slice(from + 1, until).split('\n');
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('```'));
}

const contractFile = '../shared/CONTRACT.md';
if (fs.existsSync(contractFile)) {
  const contract = fs.readFileSync(contractFile, 'utf8');
  for (const [section, table] of [
    [3, language],
    [8, settings],
  ] as const) {
    test(`every line of §${section} is in the table, every row in the contract`, () => {
      const lines = linesOf(contract, section);
      const missing = lines.filter((line) => !table.some(([phrase]) => line.includes(phrase)));
      assert.equal(missing, []);
      const strange = table.filter(([phrase]) => !lines.some((line) => line.includes(phrase)));
      assert.equal(
        strange.map(([phrase]) => phrase),
        [],
      );
    });
  }
} else {
  console.log('skipped: the table is not compared with the contract, which is not beside this repository');
}

test.run();
