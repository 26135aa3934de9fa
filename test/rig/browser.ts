/**
 * A real Chromium for tests, that reports everything a page asked for and said; a spoken skip where there is none.
 *
 * Must not know: what is looked at.
 */
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const program = process.env.QUIRE_TEST_CHROMIUM ?? '/usr/bin/chromium';

const options = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser, or null after having said why there is none. The caller closes it. */
export async function openBrowser(): Promise<Browser | null> {
  if (fs.existsSync(program)) return chromium.launch({ executablePath: program, args: options });
  if ((process.env.QUIRE_TEST_REQUIRE ?? '').split(',').includes('chromium')) {
    throw new Error(`chromium is required: ${program} is missing`);
  }
  console.log(`skipped: chromium (${program} is missing)`);
  return null;
}

/** What a page asked for, and every word on its console. */
export type Watch = { readonly requests: string[]; readonly console: string[] };

/** Listens to a page from before its first request. */
export function watch(page: Page): Watch {
  const seen: Watch = { requests: [], console: [] };
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('requestfailed', (request) => seen.console.push(`failed: ${request.url()}`));
  page.on('console', (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => seen.console.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    seen.console.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return seen;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.xml': 'application/atom+xml',
  '.txt': 'text/plain; charset=utf-8',
};

export type StaticServer = { readonly url: string; close(): Promise<void> };

/** Serves a directory on loopback under a path, as a plain web server would. */
export async function serveStatic(directory: string, under: string): Promise<StaticServer> {
  const server = http.createServer((request, response) => {
    const address = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const file = path.join(directory, address.startsWith(under) ? address.slice(under.length) : '');
    const wanted = address.endsWith('/') ? path.join(file, 'index.html') : file;
    const there = address.startsWith(under) && fs.existsSync(wanted) && fs.statSync(wanted).isFile();
    const shown = there ? wanted : path.join(directory, '404.html');
    response.writeHead(there ? 200 : 404, {
      'content-type': types[path.extname(shown)] ?? 'application/octet-stream',
    });
    response.end(fs.readFileSync(shown));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${under}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
