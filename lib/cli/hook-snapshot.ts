/**
 * The hook as Node's start-up snapshot holds it: loaded, its code compiled in a rehearsal, a VM waiting for a pipeline.
 *
 * `bin/snapshot.cjs` runs it while a snapshot is built, with the arguments of a push to rehearse. What a process is
 * (pid, environment, descriptors, the boot's id) must be asked for when it is needed: in here it would be the builder's.
 * Must not know: where the snapshot is kept.
 */
import { setFlagsFromString, startupSnapshot } from 'node:v8';
import { main, rehearse } from './hook.ts';

const [bin = '', ...args] = process.argv.slice(1);

void rehearse(args, { bin }).then(() =>
  startupSnapshot.setDeserializeMainFunction(() => {
    // Machine code of the baseline compiler costs more than it saves before the hook is over. What runs for long is
    // optimized all the same.
    setFlagsFromString('--no-sparkplug');
    // Node remembers the working directory it was built in; this makes it ask again.
    process.chdir('.');
    const [program = bin, ...words] = process.argv.slice(1);
    return main(words, { bin: program });
  }),
);
