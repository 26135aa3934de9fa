import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobId } from '../../lib/base/ids.ts';
import { LuaFloat } from '../../lib/base/plain.ts';
import { answer } from '../../lib/script/ask.ts';
import type { EvaluateOptions, Script } from '../../lib/script/script.ts';
import { ScriptThread } from '../../lib/script/thread.ts';
import { treeOf, walk } from './walk.ts';

type Context = { room: string; worker: string };
const test = suite<Context>('script/thread', { room: '', worker: '' });

test.before(async (context) => {
  context.room = fs.mkdtempSync(join(tmpdir(), 'quire-thread-'));
  context.worker = join(context.room, 'worker.cjs');
  await build({
    entryPoints: ['lib/script/worker.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: context.worker,
    logLevel: 'silent',
  });
});
test.after((context) => fs.rmSync(context.room, { recursive: true }));

async function inThread<T>(
  worker: string,
  lua: string,
  options: EvaluateOptions,
  work: (script: Script) => Promise<T>,
): Promise<T> {
  const tree = treeOf({ 'ci.lua': `local ci = require "quire.ci"\n${lua}` });
  const script = await new ScriptThread(worker, options).evaluate(tree);
  if (!script.ok) throw new Error(JSON.stringify(script.error));
  try {
    return await work(script.value);
  } finally {
    await script.value.close();
  }
}

const id = (name: string): JobId => name as JobId;

test('asks, answers and outputs cross the thread as they are', async ({ worker }) => {
  const lua = `
    print "evaluating"
    ci.job("a", {"quire/push"}, function(q)
      local r = q.sh("make")
      return { float = 2.0, int = 2, list = {1, 2.0}, bytes = r.stdout, text = "é", ["__proto__"] = "p" }
    end)`;
  await inThread(worker, lua, {}, async (script) => {
    assert.equal(script.printed, ['evaluating']);
    const { end } = await walk(script, 'a', { sh: () => ({ stdout: Buffer.from([0xff, 0]) }) });
    assert.is(end.state, 'complete');
    const outputs = end.state === 'complete' ? (end.outputs as Record<string, unknown>) : {};
    assert.equal(outputs.float, new LuaFloat(2));
    assert.instance(outputs.float, LuaFloat);
    assert.is(outputs.int, 2);
    assert.equal(outputs.list, [1, new LuaFloat(2)]);
    assert.equal(outputs.bytes, new Uint8Array([0xff, 0]));
    assert.is(outputs.text, 'é');
    assert.ok(Object.hasOwn(outputs, '__proto__'));
  });
});

test('jobs are under way at once in one VM', async ({ worker }) => {
  const lua = `
    local seen = {}
    ci.job("a", {"quire/push"}, function(q) q["sh!"]("a"); seen.a = true; return { b = seen.b } end)
    ci.job("b", {"quire/push"}, function(q) q["sh!"]("b"); seen.b = true; return { a = seen.a } end)`;
  await inThread(worker, lua, {}, async (script) => {
    const [first, second] = await Promise.all([script.begin(id('a'), 1), script.begin(id('b'), 1)]);
    assert.equal([first.kind, second.kind], ['asks', 'asks']);
    const none = new Uint8Array();
    const good = answer('sh', { exit: 0, signal: null, stdout: none, stderr: none, truncated: false });
    const b = await script.resume(id('b'), good);
    const a = await script.resume(id('a'), good);
    assert.equal(b, { kind: 'ended', end: { state: 'complete', outputs: {} } });
    assert.equal(a, { kind: 'ended', end: { state: 'complete', outputs: { b: true } } });
  });
});

test('a faulty pipeline gives its diagnostics', async ({ worker }) => {
  const script = await new ScriptThread(worker).evaluate(
    treeOf({ 'ci.lua': 'require "quire.ci".job("a", {}, print)' }),
  );
  assert.not(script.ok);
  assert.is(
    script.ok || script.error.reason !== 'diagnostics' ? '' : script.error.diagnostics[0]?.code,
    'empty-inputs',
  );
});

const others = `
  ci.job("other", {"quire/push"}, function(q) q.sh("x"); return { late = true } end)
  ci.job("stuck", {"quire/push"}, function(q) q.sh("x"); string.find(string.rep("a", 200000), ".-.-.-b") end)
  ci.job("loop", {"quire/push"}, function(q) q.sh("x"); while true do pcall(function() error("no") end) end end)
  ci.job("glutton", {"quire/push"}, function(q) q.sh("x"); local t = {}; while true do t[#t + 1] = string.rep("x", 1e5) end end)
  ci.job("later", {"quire/push"}, function(q) return { fine = q.sh("x").exit == 0 } end)`;
const none = new Uint8Array();
const fine = answer('sh', { exit: 0, signal: null, stdout: none, stderr: none, truncated: false });

for (const name of ['stuck', 'loop']) {
  test(`${name}: ends within the limit, and alone`, async ({ worker }) => {
    await inThread(worker, others, { timeMs: 200 }, async (script) => {
      assert.is((await script.begin(id('other'), 1)).kind, 'asks');
      const before = performance.now();
      const { end } = await walk(script, name);
      assert.ok(performance.now() - before < 5000);
      assert.is(end.state === 'failed' ? end.diagnostic?.code : '', 'evaluation-time');
      const late = await script.resume(id('other'), fine);
      assert.equal(late, { kind: 'ended', end: { state: 'complete', outputs: { late: true } } });
      assert.equal((await walk(script, 'later')).end, { state: 'complete', outputs: { fine: true } });
    });
  });
}

test('too much memory ends what shares the VM; what begins later runs', async ({ worker }) => {
  await inThread(worker, others, { memoryBytes: 64 << 20 }, async (script) => {
    assert.is((await script.begin(id('other'), 1)).kind, 'asks');
    const { end } = await walk(script, 'glutton');
    assert.is(end.state === 'failed' ? end.diagnostic?.code : '', 'evaluation-memory');
    const late = await script.resume(id('other'), fine);
    assert.is(late.kind === 'ended' ? late.end.state : '', 'failed');
    assert.match(late.kind === 'ended' && late.end.state === 'failed' ? late.end.error : '', "'glutton'");
    const [first, second] = await Promise.all([walk(script, 'later'), walk(script, 'other')]);
    assert.equal(first.end, { state: 'complete', outputs: { fine: true } });
    assert.equal(second.end, { state: 'complete', outputs: { late: true } });
    assert.equal(
      second.asks.map((ask) => (ask.want === 'sh' ? ask.sh : 0)),
      [2],
      'its commands are counted on',
    );
  });
});

test('a file that never ends is a diagnostic, also inside one library function', async ({ worker }) => {
  for (const lua of ['while true do end', 'string.find(string.rep("a", 200000), ".-.-.-b")']) {
    const script = await new ScriptThread(worker, { timeMs: 200 }).evaluate(treeOf({ 'ci.lua': lua }));
    assert.not(script.ok);
    const failure = script.ok ? null : script.error;
    const [problem] = failure?.reason === 'diagnostics' ? failure.diagnostics : [];
    assert.is(problem?.code, 'evaluation-time', lua);
    assert.is(problem?.span?.file, '.quire/ci.lua');
  }
});

test('no program', async ({ worker }) => {
  const script = await new ScriptThread(worker).evaluate(new Map());
  assert.equal(script, { ok: false, error: { reason: 'no-pipeline' } });
});

test.run();
