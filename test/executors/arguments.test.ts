/** What is said to a container engine's client. */
import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  buildArguments,
  type ContainerRequest,
  execArguments,
  handOver,
  imageTag,
  runArguments,
} from '../../lib/executors/docker/arguments.ts';

const test = suite('executors/arguments');

const tags: [repo: string, tag: string][] = [
  ['site', 'quire-ci/site:R'],
  ['My Site', 'quire-ci/my-site:R'],
  ['a.b_c-d', 'quire-ci/a.b_c-d:R'],
  ['..x..', 'quire-ci/x:R'],
  ['a__..b', 'quire-ci/a_b:R'],
  ['-rf', 'quire-ci/rf:R'],
  ['é', 'quire-ci/repo:R'],
  ['$(id)', 'quire-ci/id:R'],
];
for (const [repo, tag] of tags) test(`tag of ${repo}`, () => assert.is(imageTag(repo, 'R'), tag));

const request: ContainerRequest = {
  run: 'R',
  dataDirectory: '/srv/r.git/quire',
  owner: { pid: 7, start: 8, boot: 'b' },
  workspace: '/w',
  cache: '/c',
  image: 'img:1',
  lifeMs: 90_001,
  settings: {},
};
const head = [
  ...['run', '--detach', '--name', 'quire-R'],
  ...['--label', 'quire.run=R', '--label', 'quire.repo=/srv/r.git/quire', '--label', 'quire.owner=7/8/b'],
];
const mounts = [
  '--mount',
  'type=bind,source=/w,target=/work',
  '--mount',
  'type=bind,source=/c,target=/cache',
];
const middle = ['--workdir', '/work', '--user', '0:0'];
const end = [
  '--no-healthcheck',
  '--pull',
  'never',
  '--entrypoint',
  'sh',
  'img:1',
  '-c',
  'sleep "$0" & wait $!',
  '91',
];

const containers: [title: string, change: Partial<ContainerRequest>, args: string[]][] = [
  ['no settings', {}, [...head, ...mounts, ...middle, ...end]],
  [
    'every setting',
    {
      settings: {
        bin: 'podman',
        image: 'x',
        cpus: 1.5,
        memory: '2g',
        network: 'none',
        volumes: ['/a:/b:ro', 'v:/d'],
      },
    },
    [
      ...head,
      ...mounts,
      ...['--volume', '/a:/b:ro', '--volume', 'v:/d'],
      ...middle,
      ...['--cpus', '1.5', '--memory', '2g', '--network', 'none'],
      ...end,
    ],
  ],
  [
    'a path with a comma and a quote',
    { workspace: '/a,"b' },
    [...head, '--mount', 'type=bind,"source=/a,""b",target=/work', ...mounts.slice(2), ...middle, ...end],
  ],
];
for (const [title, change, args] of containers) {
  test(`run: ${title}`, () => assert.equal(runArguments({ ...request, ...change }), args));
}

for (const [network, said] of [
  [undefined, []],
  ['none', ['--network', 'none']],
  ['host', ['--network', 'host']],
  ['my-net', []],
] as const) {
  test(`build: network ${network}`, () =>
    assert.equal(buildArguments({ tag: 't', run: 'R', dockerfile: '/w/f', context: '/w', network }), [
      ...['build', '--force-rm', '--tag', 't', '--label', 'quire.run=R'],
      ...said,
      ...['--file', '/w/f', '/w'],
    ]));
}

test('exec', () => {
  const plain = {
    container: 'C',
    workdir: '/work/a',
    names: ['A', 'B'],
    interactive: true,
    argv: ['p', '-x'],
  };
  assert.equal(execArguments(plain), [
    ...['exec', '--interactive', '--user', '0:0', '--workdir', '/work/a'],
    ...['--env', 'A', '--env', 'B', 'C', 'p', '-x'],
  ]);
});

test('values travel in the environment, never in an argument', () => {
  const over = handOver(['p'], { TOKEN: 'hunter2hunter2' }, { PATH: '/bin' });
  assert.equal(over, { env: { PATH: '/bin', TOKEN: 'hunter2hunter2' }, names: ['TOKEN'], argv: ['p'] });
});

test('a name that the client reads takes a detour and arrives under its own', () => {
  const values = { PATH: '/odd:$x', DOCKER_HOST: "it's", MINE: 'a\nb' };
  const over = handOver(['printenv', 'PATH', 'DOCKER_HOST', 'MINE'], values, {
    PATH: '/client',
    MINE: 'client',
  });
  assert.is(over.env.PATH, '/client');
  assert.is(over.env.MINE, 'client');
  assert.is(over.env.DOCKER_HOST, undefined);
  assert.not.match(over.argv.join(' '), /odd|it's|\nb/);
  // What the container's side makes of it, with the host's own shell in its place.
  const given = Object.fromEntries(over.names.map((name) => [name, over.env[name] ?? '']));
  const [program, ...args] = over.argv;
  const script = args.map((arg) => (arg === 'printenv' ? '/usr/bin/printenv' : arg));
  const out = execFileSync(`/bin/${program}`, script, { env: given, encoding: 'utf8' });
  assert.is(out, "/odd:$x\nit's\na\nb\n");
});

test.run();
