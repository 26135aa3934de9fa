/**
 * What was promised, line by line, and the test that shows it.
 *
 * A row is a phrase of the contract (§3 pipelines, §8 settings) or of the list of hostile input, then where it is
 * shown: `script/entry: a symlink` is a test of that name, or the beginning of one, in `test/script/entry.test.ts`.
 * With the texts themselves at hand (`QUIRE_TEST_CONTRACT`, the directory that holds them) every line of theirs has
 * to be in the table.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './rig/forge.ts';

const test = suite('contract-lines');

type Row = [phrase: string, ...shownBy: string[]];

const pipelines: Row[] = [
  [
    'Read from the pushed commit with git, never from a checkout',
    'whole/hook: what is no pipeline file is a diagnostic',
    'git/tree-reader: everything at once',
  ],
  ['only a regular file counts (a symlink is a diagnostic)', "script/entry: ['a symlink'"],
  ['Both present is an error', "script/entry: ['both files'"],
  [
    '`load loadstring loadfile dofile collectgarbage`',
    'script/modules: (load "return 1")',
    'lua/values: what could reach out of the VM is not there',
  ],
  [
    "`os.date os.time os.clock os.difftime`, all with PUC Lua 5.3's results",
    'cases/lua/dates.json: os.difftime',
    'cases/lua/strings.json: string',
  ],
  [
    'No `io`, no `debug`, no `package` searchers',
    'script/modules: (io.open',
    'script/modules: (require :package)',
  ],
  [
    '`require` knows `quire.ci`, `quire.runtime`, `quire.stdlib`',
    'script/primitives: the runtime table is one',
    'script/registration: quire.stdlib: mirror asks',
    'whole/mirror: mirror of quire.stdlib',
  ],
  ['`fennel` (`view` only)', 'script/modules: fennel gives view'],
  [
    '(`(require :helpers)` → `.quire/helpers.fnl` or `.lua`',
    'script/modules: require finds Fennel and Lua files',
  ],
  ['macros through `import-macros`', 'script/modules: macros from a file of .quire/'],
  [
    'Integers are 32 bits: a literal past that is a float, arithmetic wraps',
    'cases/lua/numbers.json: 2147483647',
  ],
  [
    '`print` is `log` in a run function',
    'script/primitives: print goes to the job',
    'whole/same: a push and quire ci run',
  ],
  [
    'Evaluation has a time limit',
    'script/limits: a diagnostic, never a hang',
    'whole/limits: while the file is evaluated',
  ],
  [
    'in a run function per stretch between two primitives',
    'script/limits: in a run function each stretch',
    'whole/limits: in a run function',
  ],
  [
    'a memory limit (`:eval-memory`',
    'script/limits: (string.rep "x" 1000000000)',
    'whole/limits: a string of a gigabyte',
  ],
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
  [
    'a string goes to `sh -c`',
    'script/primitives: (fn [{: sh}] (sh "make"))',
    'whole/same: a push and quire ci run',
  ],
  [
    'a non-empty sequence of strings is an argv',
    'script/primitives: (sh ["make" "a b" "$x"])',
    'contract/executor: an argv meets no shell',
  ],
  [
    '`opts`: `:env` `:cwd` (inside the workspace) `:timeout` `:stdin`',
    'script/primitives: :timeout "5m" :stdin',
    'contract/executor: stdin is given whole, and is empty otherwise',
    'contract/executor: a command works in the workspace, or in a directory inside it',
    'whole/runtime: results: both streams',
  ],
  ['an unknown key is an error. Returns', 'script/primitives: sh: unknown option :envv'],
  [
    'Returns `{:exit :stdout :stderr :cmd}`',
    'script/primitives: const result',
    'whole/runtime: results: both streams',
  ],
  ['(`:signal` when killed', 'whole/runtime: (ci.job :killed'],
  [
    'the first 4 MiB of each stream',
    'script/primitives: truncated: true',
    'whole/runtime: the first 4 MiB for the pipeline',
  ],
  ['A non-zero exit is a value, not an error', 'script/outcomes: complete: '],
  [
    'a missing program, a bad `cwd`',
    'script/primitives: a command that can not start raises',
    'whole/runtime: what can not be a command raises',
  ],
  ['an environment name that is no identifier', 'script/primitives: which is no identifier'],
  ['begins with `QUIRE_` raises', 'script/primitives: sh: :env has the name QUIRE_X'],
  ['`(sh! cmd opts?)`', 'script/outcomes: (sh! "exit 3")'],
  [
    '`(secret name)`',
    "script/primitives: secret: there is no secret 'nothing'",
    'whole/secrets: a secret limited to refs',
  ],
  ['`(jobs name)`', 'script/primitives: jobs answers with the outputs'],
  [
    '`(read-file path)` `(read-json path)` `(write-file path text)`',
    'script/primitives: read-json',
    'whole/runtime: what can not be a command raises',
  ],
  ["| `(log text)` | a line of the job's log |", "script/primitives: { want: 'log'"],
  [
    "| `(env name)` | a variable of the job's environment |",
    "script/primitives: { want: 'env'",
    'whole/runtime: the environment of a command',
  ],
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
  [
    'A failed job makes its transitive dependents `skipped`',
    'whole/push: a failing command whose result nobody looked at',
  ],
  [
    '`:always` ones aside; dependents of a job that did nothing run',
    'runner/schedule: an always job runs after a failure',
    'whole/same: after-quiet',
  ],
  ["Jobs that don't depend on it go on, unless config `:fail-fast`", 'whole/jobs: :fail-fast ends what runs'],
  [
    '`:allow-failure` jobs fail without failing the run',
    'whole/jobs: retry, timeout, allow-failure and always',
  ],
  [
    'The run is `complete` when no other job failed',
    'whole/jobs: retry, timeout, allow-failure and always',
    'whole/runtime: results: both streams',
  ],
  [
    '`:retry n` runs it again up to n times',
    'script/outcomes: a second attempt knows nothing',
    'whole/jobs: retry, timeout, allow-failure and always',
  ],
  ["`:timeout` and the run's `:timeout` (config, default 1 h)", "whole/jobs: the run's own :timeout ends it"],
  [
    'also what left its process group (found by a marker in its environment)',
    'process/run: a timeout also finds who lost the mark',
    'whole/stop: with everything that left its group',
  ],
  [
    'SIGTERM, 5 s, SIGKILL',
    'contract/executor: a command that ignores SIGTERM is killed after the grace',
    'whole/stop: a job that ignores SIGTERM',
  ],
  [
    'A command is over when its process exits',
    'contract/executor: who keeps the output open delays nothing',
    'whole/runtime: (ci.job :held',
  ],
  [
    "The workspace is exactly the commit's tree",
    'git/write-tree: names that are not UTF-8',
    'whole/hook: the workspace is the tree whatever attributes say',
    'whole/runtime: the workspace: submodules are empty directories',
  ],
  [
    'Jobs whose inputs are done run at the same time',
    'script/thread: jobs are under way at once',
    'whole/jobs: :max-jobs at a time',
    'whole/runtime: the workspace: submodules are empty directories',
  ],
  [
    "Primitives work inside `pcall` and inside the pipeline's own coroutines",
    'script/primitives: primitives work inside',
  ],
  ['"call sh outside the callback"', 'script/primitives: not inside '],
  [
    '`:quire/push` gives `sha ref branch tag',
    'whole/runtime: :quire/push: every key',
    'whole/push: a tag runs its commit',
  ],
  ['In a local run: HEAD and its branch', 'whole/runtime: in a work tree HEAD and what is dirty'],
  [
    '`ci.mirror` registers `quire/mirror`',
    'script/registration: mirrors are jobs of their own',
    'whole/mirror: a whole Authorization line; two mirrors',
  ],
  [
    '`:refs` (names or `*` globs) is gate and list',
    'script/registration: {:refs ["refs/heads/*"]}',
    'whole/mirror: ci.mirror: refs, a computed tag',
  ],
  [
    '`:tag` (text or function of the push; nil: no tag)',
    'script/registration: a tag function that gives no text',
    'whole/mirror: ci.mirror: refs, a computed tag',
  ],
  [
    'one that exists at the same commit is fine, elsewhere a failure. Nothing is forced',
    'whole/mirror: nothing is forced',
    'git/remote: a tag that exists: the same commit is fine',
  ],
  [
    '`:secret` names a token',
    'git/remote: a token or a whole line',
    'whole/mirror: a whole Authorization line',
  ],
  [
    "its git commands are in the job's log, the credential never in argv",
    'whole/mirror: with a token that is nowhere to be seen',
  ],
  ['It runs on the host in either mode', 'whole/docker: a mirror runs on the host'],
  ['Outputs `{:tag :refs}`', 'whole/mirror: ci.mirror: refs, a computed tag'],
  [
    "`quire.stdlib`: `mirror {:url :auth-header :sha :tag :git-dir :refs}` is that job's body",
    'whole/mirror: mirror of quire.stdlib',
  ],
  ['a missing key raises', 'script/registration: quire.stdlib: mirror raises without'],
  ['`(defrun [sh jobs] …)` is a zero-argument function', 'script/modules: defrun binds primitives'],
  [
    'The environment of a command',
    'whole/runtime: the environment of a command is from an allow-list',
    'contract/executor: the environment is what was given and nothing of ours',
  ],
  [
    'No `GIT_*` of the hook, no `SSH_*`, nothing else leaks in',
    'whole/runtime: the environment of a command is from an allow-list',
  ],
];

const settings: Row[] = [
  ['One table. Keys:', 'config/check: an empty file and an empty table'],
  ['`:secrets {name "text"', "config/check: { secrets: { a: { file: '/s/a' } } }"],
  [
    '{:value … :refs ["refs/heads/main"]}',
    'config/check: a secret whose refs can not be read',
    'whole/secrets: a secret limited to refs',
  ],
  ['`:executor`', "config/check: { executor: 'docker' }"],
  ['`:docker`', 'config/check: podman'],
  ['`:max-runs` `:max-jobs`', "config/check: 'max-runs': 3"],
  ['`:fail-fast`', "config/check: 'fail-fast': true"],
  ['`:timeout` `:eval-timeout` `:eval-memory` `:log-limit`', "config/check: 'log-limit': 1000"],
  ['`:replace`', 'config/check: replace: false'],
  ['`:path` `:env` `:pass-env`', "config/check: 'pass-env': ['SSH_AUTH_SOCK']"],
  ['`:site {:url :title :dir}`', "config/check: dir: '/data/quire/www'"],
  ['`:cleanup {:keep :older-than :keep-failed}`', "config/check: 'keep-failed': 0"],
  [
    '`:mirrors {url secret-name}`',
    'config/check: a mirror names a secret',
    'whole/mirrors: every branch and tag goes to every target',
  ],
  ['An unknown key is a warning with the nearest known one', 'config/read: an unknown key has its place'],
  [
    'a wrong type is an error with file, line and key',
    'config/read: a wrong type has its place',
    'config/check: wrong: ',
  ],
  [
    'a broken config never loses a push',
    'config/read: broken: ',
    'whole/hook: a broken config never loses a push',
  ],
  [
    'Secret values of 8 bytes or more that a run revealed are replaced',
    'whole/secrets: a push: records, log, site, terminal',
    'whole/secrets: quire ci run and ci eval',
  ],
  ['across chunk boundaries', 'secrets/mask-stream: cut at any two places'],
  ['per line of a multi-line secret', 'secrets/forms: a key with its line ends as they are'],
  [
    'in base64 (at the three offsets), URL and hex form',
    'secrets/forms: percent encoding in either case',
    'whole/secrets: base64 -w0',
  ],
  [
    'Shorter ones are skipped with a warning',
    'secrets/forms: short lines and short values are named',
    'whole/secrets: is shorter than 8 bytes',
  ],
  [
    'Only what may be the beginning of a secret is held back',
    'secrets/mask-stream: only what may be the beginning of a secret waits',
  ],
  ['Caps apply after masking', 'whole/secrets: caps apply after masking'],
  ['The pipeline itself gets the real value', 'whole/secrets: the pipeline gets the real value'],
];

const commands: Row[] = [
  ['`:env {:QUIRE_RUN_ID …}`', 'whole/runtime: (sh "true" {:env {:QUIRE_RUN_ID "1"}})'],
  ['`ci.variable=QUIRE_X=1`, `ci.variable=a b=c`', 'whole/push: ci.variable=QUIRE_X=1'],
  [
    'a job that daemonizes (`setsid`, double fork)',
    'whole/runtime: (ci.job :daemon',
    'process/end: who forks faster than one look',
  ],
  [
    'a grandchild that keeps stdout open after the command exits',
    'whole/runtime: (ci.job :held',
    'contract/executor: who keeps the output open delays nothing',
  ],
  [
    '`yes` for a minute',
    'whole/runtime: (ci.job :endless',
    'contract/executor: a slow listener holds the command back',
  ],
  [
    'one line of 100 MB; binary output',
    'store/log: any bytes in any chunks come back',
    'contract/executor: bytes stay bytes',
    'cli/terminal-text: a line without an end does not pile up',
  ],
  ['a character split over two reads', 'store/log: a character split over two reads'],
  ['10,000 environment variables', 'contract/executor: 10,000 variables are fine'],
  [
    'argv too long, cwd outside the workspace, a missing program',
    'whole/runtime: what can not be a command raises',
  ],
  ['`read-file "../../etc/passwd"`', 'whole/runtime: (read-file "../../etc/passwd")'],
  [
    'a symlink in the workspace to `/`',
    'whole/runtime: (read-file "root/etc/passwd")',
    'whole/runtime: (write-file "root/tmp/',
  ],
  ['NUL in a path', 'whole/runtime: (read-file "a'],
];

const secrecy: Row[] = [
  ['half a secret, 50 ms, the other half', 'whole/secrets: sleep 0.05'],
  ['split by colour codes', 'secrets/mask-stream: split by a colour', 'whole/secrets: 033[31m'],
  [
    'at the very end of the stream',
    'whole/secrets: at the very end',
    'secrets/mask-stream: the beginning, at the end',
  ],
  [
    'a PEM key with `\\n`, `\\r\\n`',
    'secrets/forms: a key with its line ends',
    'whole/secrets: -----BEGIN KEY-----',
  ],
  [
    'newlines turned to spaces by `set -x`',
    'secrets/forms: a word as `set -x` prints it',
    'whole/secrets: set -x',
  ],
  ['a multi-line JSON secret with lines like `{`', 'secrets/forms: short lines and short values are named'],
  [
    '`password1` and `password1234` both secrets',
    'secrets/mask-stream: the longest',
    'whole/secrets: const longer',
  ],
  [
    'base64 at the three offsets, URL, JSON and hex forms',
    'secrets/forms: JSON as other writers escape it',
    'secrets/forms: percent encoding',
    'whole/secrets: base64 -w0',
  ],
  [
    'a secret in a command line, `log` text, job output',
    'whole/secrets: a push: records, log, site, terminal',
  ],
  [
    'exception text, diagnostics, page, feed',
    'whole/secrets: a push: records, log, site, terminal',
    'whole/secrets: quire ci run and ci eval',
    'config/quote: the texts of secrets are not',
  ],
];

const evaluation: Row[] = [
  ['`(while true)`', 'whole/limits: (while true)'],
  ['deep recursion', 'script/limits: deep recursion is an error'],
  ['`(string.rep "x" 1e9)`', 'whole/limits: (string.rep "x" 1e9)'],
  ['a pattern that backtracks forever', 'whole/limits: a pattern that backtracks'],
  ['a macro that never ends', 'whole/limits: a macro', 'evaluate/macros: ends: '],
  [
    '`os.execute`, `io.open`, `debug`, `load`',
    'script/modules: (io.open',
    'lua/values: what could reach out of the VM is not there',
  ],
  [
    '`require` of anything else',
    'script/modules: (require :package)',
    'evaluate/modules: no name leads out of the folder',
  ],
  ['`getmetatable("")` tricks, writing to shared library tables', 'lua/values: one VM can not spoil another'],
  [
    '`string.format` with odd directives',
    'cases/lua/format.json: string.format',
    'lua/values: a fault of JavaScript is an error of Lua',
  ],
  ['`os.time` of the year 2040', 'cases/lua/dates.json: 2040'],
  ['a literal past 32 bits', 'cases/lua/numbers.json: 2147483648'],
  [
    '`while true do pcall(f) end`',
    'lua/limits: while true do pcall(f) end',
    'whole/limits: a loop that catches everything',
  ],
  ['a `coroutine.wrap` around `sh`', "script/primitives: ['a coroutine'"],
  ['`sh` in a `table.sort` comparator', "script/primitives: ['a sort comparator'"],
];

for (const [phrase, ...shownBy] of [pipelines, settings, commands, secrecy, evaluation].flat()) {
  test(`shown: ${phrase}`, () => {
    assert.ok(shownBy.length > 0);
    for (const place of shownBy) {
      const [file = '', title = ''] = place.split(/: (.*)/s);
      const found = [`${file}.test.ts`, `${file}.ts`, file]
        .map((name) => join(root, 'test', name))
        .find((path) => fs.existsSync(path) && fs.statSync(path).isFile());
      assert.ok(found !== undefined, `${place}: no such file`);
      const named = title !== '' && fs.readFileSync(found ?? '', 'utf8').includes(title);
      assert.ok(named, `${place}: no such test`);
    }
  });
}

/** The lines of a section that say something: without its heading, the lines of a table's own, and fences. */
function linesOf(file: string, heading: RegExp): string[] {
  const text = fs.readFileSync(file, 'utf8');
  const [, section = ''] = text.split(heading);
  return (section.split(/^## /m)[0] ?? '')
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '' && !/^```|^\| -+ \||^\| (try|primitive) \|/.test(line));
}

const texts = process.env.QUIRE_TEST_CONTRACT;
if (texts !== undefined) {
  const sections: [file: string, heading: RegExp, rows: Row[]][] = [
    ['CONTRACT.md', /^## 3\./m, pipelines],
    ['CONTRACT.md', /^## 8\./m, settings],
    ['HOSTILE.md', /^## Commands/m, commands],
    ['HOSTILE.md', /^## Secrets/m, secrecy],
    ['HOSTILE.md', /^## Evaluation/m, evaluation],
  ];
  for (const [file, heading, rows] of sections) {
    test(`${file} ${heading}: every line is in the table, every row in the text`, () => {
      const lines = linesOf(join(texts, file), heading);
      const missing = lines.filter((line) => !rows.some(([phrase]) => line.includes(phrase)));
      assert.equal(missing, []);
      const strange = rows
        .map(([phrase]) => phrase)
        .filter((phrase) => !lines.some((line) => line.includes(phrase)));
      assert.equal(strange, []);
    });
  }
}

test.run();
