/** The docker executor keeps the contract of all executors, on a real engine. */
import { docker } from '../../lib/executors/docker/docker.ts';
import { executorContract } from '../contract/executor.ts';
import { dockerRig } from '../rig/docker.ts';

executorContract('docker', {
  executor: docker,
  hostEnv: { PATH: '/must/not/reach/a/container' },
  hearsLate: false,
  place: async () => {
    const rig = await dockerRig();
    return rig && { image: rig.image, docker: { network: 'none' }, toolEnv: rig.env };
  },
}).run();
