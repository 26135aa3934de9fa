/**
 * A smart HTTP server on loopback: git's own `http-backend` behind Node, which demands an Authorization header.
 *
 * Must not know: who pushes.
 */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gitEnvironment } from '../../lib/git/git.ts';

export type GitServer = {
  /** Ends in `/`; the names of repositories go after it. */
  readonly url: string;
  close(): Promise<void>;
};

/** Serves the repositories in `root` to requests whose Authorization is `wanted`; `seen` is called on each request. */
export async function serveGit(
  root: string,
  wanted: string,
  seen: () => void = () => {},
): Promise<GitServer> {
  const server = createServer((request, response) => {
    seen();
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    answer(root, request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: gitEnvironment({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
    }),
  });
  backend.stdin.on('error', () => {});
  request.pipe(backend.stdin);
  const pieces: Buffer[] = [];
  backend.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  backend.on('close', () => {
    const whole = Buffer.concat(pieces);
    const blank = whole.indexOf('\r\n\r\n');
    const headers = whole
      .toString('latin1', 0, blank)
      .split('\r\n')
      .map((line) => line.split(/: */, 2));
    const status = headers.find(([name]) => name === 'Status')?.[1];
    response.statusCode = Number.parseInt(status ?? '200', 10);
    for (const [name, value] of headers)
      if (name && value && name !== 'Status') response.setHeader(name, value);
    response.end(whole.subarray(blank + 4));
  });
}
