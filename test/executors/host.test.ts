/** The host executor keeps the contract of all executors. */
import { host } from '../../lib/executors/host.ts';
import { executorContract } from '../contract/executor.ts';

executorContract('host', {
  executor: host,
  hostEnv: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  hearsLate: true,
  place: async () => ({ image: null, docker: {}, toolEnv: {} }),
}).run();
