/**
 * Every way a secret could come out of a run: records, pages, terminals, events. It stands there by its name alone.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Forge, forge } from '../rig/forge.ts';
import { leaksBelow, leaksIn } from '../rig/leaks.ts';

const test = suite('whole/secrets');

const token = 'hunter2"correct<horse>&staple';
const longer = `${token}-1234`;
const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAo\n-----END KEY-----';
const values = [token, 'MIIEvQIBADANBgkqhkiG9w0', 'BAQEFAASCBKcwggSjAgEAAo', '-1234'];

/** Keeps the secrets beside everything that is searched. */
function secrets(f: Forge): string {
  const at = join(f.home, 'keys');
  fs.mkdirSync(at, { recursive: true });
  fs.writeFileSync(join(at, 'token'), `${token}\n`);
  fs.writeFileSync(join(at, 'longer'), longer);
  fs.writeFileSync(join(at, 'key'), `${key}\n`);
  return `{:max-jobs 1 :secrets {:token {:file "${at}/token"} :longer {:file "${at}/longer"} :key {:file "${at}/key"}
    :pin "12ab" :release {:value {:file "${at}/longer"} :refs ["main"]}}}`;
}

/** A program that the pipeline runs to say what it was given in awkward ways. */
const say = `
printf '%s\\n' "$TOKEN"
printf '%s' "$TOKEN" | cut -c1-9 | tr -d '\\n'; sleep 0.05; printf '%s' "$TOKEN" | cut -c10-; echo
printf '%s' "$TOKEN" | cut -c1-9 | tr -d '\\n' >&2; sleep 0.05; printf '%s' "$TOKEN" | cut -c10- >&2
printf '\\033[31m%s\\033[0m' "$(printf '%s' "$TOKEN" | cut -c1-5)"; printf '\\033[32m%s\\033[0m\\n' "$(printf '%s' "$TOKEN" | cut -c6-)"
printf '%s' "$TOKEN" | base64 -w0; echo
printf 'x%s' "$TOKEN" | base64 -w0; echo
printf 'xy%s' "$TOKEN" | base64 -w0; echo
printf '%s' "$TOKEN" | od -An -v -tx1 | tr -d ' \\n'; echo
printf '%s\\n' "$LONGER"
printf '%s\\n' "$KEY"
printf '%s' "$KEY" | sed 's/$/\\r/'; echo
echo $KEY
set -x; : "$KEY" "$TOKEN"; set +x
printf 'at the very end: %s' "$TOKEN"
`;

const pipeline = `
(local ci (require :quire.ci))
(ci.job :shown [:quire/push]
  (fn [{: sh : secret : log : write-file}]
    (let [env {:TOKEN (secret :token) :LONGER (secret :longer) :KEY (secret :key)}]
      (sh "sh say.sh" {: env})
      (sh (.. "echo '" env.TOKEN "' in the command"))
      (sh ["echo" env.TOKEN env.KEY])
      (sh "cat" {:stdin env.LONGER})
      (log (.. "logged " env.TOKEN))
      (print env.KEY)
      (write-file "kept" env.TOKEN)
      (assert (= (. (sh "cat kept") :stdout) env.TOKEN) "the pipeline gets the real value")
      {:token env.TOKEN env.LONGER [{:deep env.KEY}] :half (env.TOKEN:sub 1 4)})))
(ci.job :used [:shown]
  (fn [{: jobs : sh}]
    (assert (= (length (. (jobs :shown) :token)) ${token.length}) "the next job gets the real one too")
    (sh ["test" "-n" (. (jobs :shown) :token)])))
(ci.job :raised {:inputs [:quire/push] :retry 1 :run (fn [{: secret}] (error (.. "no luck with " (secret :token))))})
(ci.job :table [:quire/push] (fn [{: secret}] (error {:because (secret :longer)})))
(ci.job :exited [:quire/push] (fn [{: secret : sh!}] (sh! (.. "exit 3 # " (secret :token)))))
(ci.job :returned [:quire/push] (fn [{: secret : sh}] (sh ["sh" "-c" "exit 3" (secret :token)])))
(ci.job :program [:quire/push] (fn [{: secret : sh}] (sh [(.. "/bin/" (secret :longer))])))
(ci.job :place [:quire/push] (fn [{: secret : sh}] (sh "true" {:cwd (secret :key)})))
(ci.job :option [:quire/push] (fn [{: secret : sh}] (sh "true" {(secret :token) 1})))
(ci.job :file [:quire/push] (fn [{: secret : read-file}] (read-file (secret :token))))
(ci.job :bad-json [:quire/push] (fn [{: secret : read-json : write-file}] (write-file "j" (.. "{" (secret :token))) (read-json "j")))
(ci.job :unknown [:quire/push] (fn [{: secret : jobs}] (jobs (secret :longer))))
(ci.job :short [:quire/push] (fn [{: secret : log}] (log (secret :pin))))
`;

function commit(f: Forge): void {
  f.write('say.sh', say);
  f.commit(pipeline, 'Shows what it must not');
}

test(
  'a push: records, log, site, terminal: nothing but the name, and warnings for what can not be masked',
  forge(async (f) => {
    f.install(secrets(f));
    commit(f);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.jobStates().shown, 'complete', String(run.job('shown').error));
    assert.is(run.jobStates().used, 'complete', String(run.job('used').error));
    assert.equal(leaksBelow(f.data, values), []);
    for (const job of ['raised', 'table', 'exited', 'program', 'place', 'option', 'file', 'unknown']) {
      assert.is(run.job(job).state, 'failed', job);
      assert.match(String(run.job(job).error), /\{\{ (token|longer|key) \}\}/, job);
    }
    const outputs = run.record('jobs/shown/outputs.yml');
    assert.equal(outputs, {
      token: '{{ token }}',
      '{{ longer }}': [{ deep: '{{ key }}' }],
      half: token.slice(0, 4),
    });
    assert.match(run.stream('shown'), /at the very end: \{\{ token \}\}/);
    assert.match(run.stream('shown', 'err'), /\{\{ token \}\}\n/);
    const commands = run.log('shown').map(({ cmd }) => String(cmd ?? ''));
    assert.ok(commands.includes("echo '{{ token }}' in the command"), commands.join('\n'));
    const notes = fs.readFileSync(run.path('log.yml'), 'utf8');
    assert.match(notes, /secret 'pin' is shorter than 8 bytes and is not masked/);
    assert.is(run.log('short')[0]?.note, '12ab');

    const site = join(f.data, 'site', 'runs', run.id);
    for (const page of ['index.html', 'run.json', 'jobs/shown/index.html', 'jobs/shown/log.txt'])
      assert.match(fs.readFileSync(join(site, page), 'utf8'), /\{\{ token \}\}/, page);
    for (const words of [
      ['logs', '1'],
      ['logs', '1', 'shown', '--raw'],
      ['show', '1'],
      ['show', '1', '--json'],
      ['list'],
      ['status'],
    ]) {
      const said = f.quire(...words);
      assert.is(said.code, 0, said.err);
      assert.equal(leaksIn(said.out + said.err, values), [], words.join(' '));
    }
  }),
);

test(
  'quire ci run and ci eval: terminal, events, out-dir',
  forge((f) => {
    fs.mkdirSync(join(f.home, '.config', 'quire'), { recursive: true });
    fs.writeFileSync(join(f.home, '.config', 'quire', 'config.fnl'), secrets(f));
    commit(f);
    const out = join(f.home, 'out');
    const events = join(f.home, 'events');
    const run = f.quireIn(f.work, {}, 'ci', 'run', '--sha', 'main', '--out-dir', out, '--events', events);
    assert.is(run.code, 1, run.err);
    assert.match(run.out, /\{\{ token \}\}/);
    assert.match(fs.readFileSync(events, 'utf8'), /\{\{ key \}\}/);
    assert.equal(leaksIn(run.out + run.err, values), []);
    assert.equal(leaksIn(fs.readFileSync(events), values), []);
    assert.equal(leaksBelow(out, values), []);
    const streamed = f.quireIn(f.work, {}, 'ci', 'run', '--sha', 'main', '--events', 'stdout');
    assert.equal(leaksIn(streamed.out + streamed.err, values), []);
    for (const job of ['shown', 'raised', 'exited', 'program']) {
      const said = f.quireIn(f.work, {}, 'ci', 'eval', '--job', job);
      assert.equal(leaksIn(said.out + said.err, values), [], job);
      assert.match(said.out + said.err, /\{\{ token \}\}|\{\{ longer \}\}/, job);
    }
  }),
);

test(
  'caps apply after masking: no beginning of a secret is left where a log or an output is cut',
  forge(async (f) => {
    f.install(`${secrets(f).slice(0, -1)} :log-limit 1000}`);
    f.commit(`
(local ci (require :quire.ci))
(for [pad 974 998 2]
  (ci.job (.. "log-" pad) [:quire/push] (fn [{: secret : sh}]
    (sh ["printf" "%s%s%s" (string.rep "x" pad) (secret :token) (string.rep "y" 40)]))))
(ci.job :outputs [:quire/push] (fn [{: secret}]
  (fcollect [cut 1 28] (.. (string.rep "x" (- 65536 cut)) (secret :token)))))
`);
    f.push();
    const run = await (await f.run(1)).settled();
    assert.is(run.state(), 'complete', String(run.outcome().error));
    const logs = Object.keys(run.jobStates()).filter((job) => job !== 'outputs');
    assert.is(logs.length, 13);
    for (const job of logs)
      assert.ok(
        run.log(job).some((entry) => entry.truncated === true),
        job,
      );
    for (const file of [...logs.map((job) => `jobs/${job}/log.yml`), 'jobs/outputs/outputs.yml'])
      assert.not.match(fs.readFileSync(run.path(file), 'utf8'), /xh/, file);
  }),
);

test(
  'a secret limited to refs is for those; an unknown one, a missing file and a broken config say so',
  forge(async (f) => {
    f.install(secrets(f));
    f.commit(`
(local ci (require :quire.ci))
(ci.job :a [:quire/push] (fn [{: secret : log}] (log (tostring (length (secret :release))))))
(ci.job :b [:quire/push] (fn [{: secret}] (secret :tokn)))
`);
    f.push('main', 'main:topic');
    for (const number of [1, 2]) {
      const run = await (await f.run(number)).settled();
      const isMain = run.meta().ref === 'refs/heads/main';
      assert.is(run.job('a').state, isMain ? 'complete' : 'failed');
      if (!isMain)
        assert.match(
          String(run.job('a').error),
          /secret 'release' is not for refs\/heads\/topic: see its :refs/,
        );
      assert.match(String(run.job('b').error), /there is no secret 'tokn'; did you mean 'token'\?/);
    }
    fs.rmSync(join(f.home, 'keys', 'longer'));
    f.commit(null);
    f.push();
    const missing = await (await f.run(3)).settled();
    assert.match(String(missing.job('a').error), /secret 'release': .*keys\/longer/);
    fs.writeFileSync(join(f.data, 'config.fnl'), '{:secrets {:token "a-secret-in-the-file" :n 7}}');
    f.commit(null);
    f.push();
    const broken = await (await f.run(4)).settled();
    assert.is(broken.outcome().outcome, 'failed-internal');
    assert.match(String(broken.outcome().error), /config\.fnl:1.*:secrets :n/);
    assert.equal(leaksBelow(join(f.data, 'runs'), ['a-secret-in-the-file']), []);
    assert.equal(leaksBelow(join(f.data, 'site'), ['a-secret-in-the-file']), []);
    const shown = f.quire('ci', 'config', join(f.data, 'config.fnl'));
    assert.match(shown.err, /:secrets \{:token "•+" :n 7\}/);
    assert.equal(leaksIn(shown.out + shown.err, ['a-secret-in-the-file']), []);
  }),
);

test.run();
