/**
 * Runs one bundle of dist/ with V8's code cache beside it: that halves the start, which every push waits for.
 *
 * The cache is named after the bundle's size and time and the Node that made it, so a stale one is never read.
 * It is written when it is missing, and anew when QUIRE_CODE_CACHE=write asks for a better one after real work.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const dist = path.join(__dirname, '..', 'dist');

module.exports = function load(name, inThread = false) {
  const file = path.join(dist, `${name}.cjs`);
  let source;
  let stats;
  try {
    stats = fs.statSync(file);
    source = fs.readFileSync(file, 'latin1');
  } catch {
    process.stderr.write(`quire: ${file} is missing. Run: npm install\n`);
    process.exit(3);
  }
  const cacheFile = path.join(
    dist,
    `${name}-${process.version}-${stats.size}-${Math.trunc(stats.mtimeMs)}.cache`,
  );
  let cachedData;
  try {
    cachedData = fs.readFileSync(cacheFile);
  } catch {
    // The first start of this bundle: the cache is made below.
  }
  const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    cachedData,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (cachedData === undefined || script.cachedDataRejected || process.env.QUIRE_CODE_CACHE === 'write') {
    const write = () => writeCache(cacheFile, script.createCachedData());
    // A thread is ended without an exit: it writes when it has answered its first message.
    if (inThread) require('node:worker_threads').parentPort?.once('message', () => setImmediate(write));
    else process.once('exit', write);
  }
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, require, bundle, file, dist);
  return bundle.exports;
};

function writeCache(file, data) {
  const temporary = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, data, { mode: 0o644 });
    fs.renameSync(temporary, file);
  } catch {
    // A dist/ that can't be written only costs time at each start.
  }
}
