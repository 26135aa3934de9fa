/**
 * A container engine for tests: the one of `DOCKER_HOST`, else a private one for the duration, else a spoken skip.
 *
 * The private engine has no network and its own directories; it ends with this process, however that ends.
 * Must not know: what is tested with it.
 */
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type DockerRig = {
  /** The client's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** An image with busybox and nothing else. */
  readonly image: string;
  /** Runs the client and gives what it printed. */
  docker(...args: string[]): string;
};

let rig: Promise<DockerRig | null> | null = null;

/** The engine, started at most once per process; null after having said why there is none. */
export function dockerRig(): Promise<DockerRig | null> {
  rig ??= open();
  return rig;
}

async function open(): Promise<DockerRig | null> {
  const plain = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: process.env.HOME ?? '/' };
  const given = process.env.DOCKER_HOST;
  const shared = given === undefined ? plain : { ...plain, DOCKER_HOST: given };
  if (answers(shared)) return withImage(shared);
  if (process.getuid?.() !== 0) return without('no engine answers, and only root can start one');
  if (!has('dockerd') || !has('docker')) return without('docker.io is not installed');
  const env = await startEngine(plain);
  return env === null ? without('a private dockerd did not start') : withImage(env);
}

function without(why: string): null {
  if ((process.env.QUIRE_TEST_REQUIRE ?? '').split(',').includes('docker')) {
    throw new Error(`docker is required: ${why}`);
  }
  console.log(`skipped: docker (${why})`);
  return null;
}

const has = (program: string): boolean =>
  (process.env.PATH ?? '').split(':').some((directory) => fs.existsSync(join(directory, program)));

function answers(env: Readonly<Record<string, string>>): boolean {
  try {
    execFileSync('docker', ['info'], { env, stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function startEngine(plain: Readonly<Record<string, string>>) {
  const home = fs.mkdtempSync(join(tmpdir(), 'quire-docker-'));
  const socket = `unix://${home}/socket`;
  const options = [
    '--iptables=false',
    '--ip6tables=false',
    '--bridge=none',
    '--storage-driver=overlay2',
    `--data-root=${home}/data`,
    `--exec-root=${home}/exec`,
    `--pidfile=${home}/pid`,
    `--host=${socket}`,
  ];
  // The shell reads until our end of the pipe is gone, then takes the engine down and its directory away.
  const script =
    'home=$1; shift; "$@" > "$home/log" 2>&1 & engine=$!; read _; kill $engine; wait $engine; rm -rf "$home"';
  const guard = spawn('sh', ['-c', script, 'sh', home, 'dockerd', ...options], {
    env: plain,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  const env = { ...plain, DOCKER_HOST: socket };
  for (let tries = 0; tries < 150; tries += 1) {
    if (fs.existsSync(`${home}/socket`) && answers(env)) return env;
    if (guard.exitCode !== null) break;
    await pause(100);
  }
  guard.stdin?.destroy();
  return null;
}

const image = 'quire-test/busybox:1';

function withImage(env: Readonly<Record<string, string>>): DockerRig | null {
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (docker('images', '--quiet', image).trim() === '') {
    if (!fs.existsSync('/bin/busybox')) return without('busybox-static is not installed');
    const root = fs.mkdtempSync(join(tmpdir(), 'quire-image-'));
    fs.mkdirSync(join(root, 'bin'));
    fs.mkdirSync(join(root, 'tmp'));
    fs.copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
      if (applet !== 'busybox') fs.symlinkSync('busybox', join(root, 'bin', applet));
    }
    const tar = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 64 * 1024 * 1024 });
    execFileSync('docker', ['import', '-', image], { env, input: tar, stdio: ['pipe', 'ignore', 'pipe'] });
    fs.rmSync(root, { recursive: true });
  }
  return { env, image, docker };
}
