/** The host executor keeps the contract of all executors, whoever starts its commands. */
import { resolve } from 'node:path';
import { host } from '../../lib/executors/host.ts';
import { Launcher } from '../../lib/process/process.ts';
import { executorContract } from '../contract/executor.ts';

const subject = { executor: host, hostEnv: { PATH: process.env.PATH ?? '/usr/bin:/bin' }, hearsLate: true };

executorContract('host', {
  ...subject,
  place: async () => ({ image: null, docker: {}, toolEnv: {} }),
}).run();

const launched = executorContract('host, by a launcher', {
  ...subject,
  place: async () => ({ image: null, docker: {}, toolEnv: {}, spawn: launcher.spawn }),
});
const launcher = new Launcher(resolve('bin/launcher.cjs'), {});
launched.after(() => launcher.close());
launched.run();
