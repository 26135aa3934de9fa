import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { HtmlValidate } from 'html-validate';
import { SaxesParser } from 'saxes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunRecord } from '../../lib/runs/records.ts';
import { command, exit, idOf, note, output, type Place, place, run, tidy } from './fixtures.ts';

const test = suite('site/hostile');

const nasty = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  "' onmouseover='alert(4)",
  ']]> --> <!-- <![CDATA[',
  '\u2028\u2029\u0085',
  '\u001b]8;;javascript:alert(5)\u0007link\u001b]8;;\u0007 \u001b[31m',
  '\u202egnp.exe\u202c \u2066x\u2069',
  'half \ud800 a character \udfff',
  '\u0000\u0001\u0008\u000b\u000c\u001f\u007f\ufffe\uffff',
  '{{7*7}} <%= 7 %> <%~ 7 %>',
  '&amp;&lt;&#60;',
  '__proto__',
  'constructor',
].join(' ');

const root = join(import.meta.dirname, '..', '..');

/** One site in which everything that comes from outside is nasty. */
async function nastySite(): Promise<Place> {
  const one = place({
    title: `widgets ${nasty}`,
    url: 'https://ci.example.org/a/',
    sourceOf: async () => `${nasty}\n`,
  });
  const job = { id: nasty.slice(0, 60), error: nasty, reason: nasty } as const;
  const common = {
    subject: nasty,
    author: nasty,
    ref: `refs/heads/${nasty}`,
    error: nasty,
    image: nasty,
    variables: { [nasty]: nasty },
  };
  const first = one.records.put(
    run({
      number: 1,
      ...common,
      outcome: 'failed-job',
      jobs: [
        { ...job, state: 'failed' },
        { id: '__proto__', inputs: [job.id] },
        { id: "a'b", inputs: ['__proto__'] },
      ],
    }),
  );
  one.records.say(first, job.id, [
    command(1, nasty),
    output(`${nasty}\n`),
    output(`${nasty}\n`, 'err'),
    note(nasty),
    exit(1),
  ]);
  one.records.say(first, null, [note(nasty), output(nasty)]);
  one.records.returns(first, job.id, { [nasty]: [nasty, { [nasty]: nasty }] });
  one.records.put(
    run({
      number: 2,
      ...common,
      outcome: 'failed-pipeline',
      diagnostics: [
        { code: nasty, message: nasty, file: nasty, line: 1, column: 3, hint: nasty, job: nasty },
      ],
    }),
  );
  one.records.put(
    run({ number: 3, ...common, ref: 'refs/tags/<b>', outcome: 'replaced', replacedBy: idOf(4) }),
  );
  one.records.put(
    run({ number: 4, ...common, state: 'active', jobs: [{ ...job, state: 'active', until: null }] }),
  );
  one.records.put(run({ number: 5, ...common, state: 'pending' }));
  one.records.put(emptyTexts(run({ number: 6, author: '', subject: '' })));
  one.records.damage(one.records.put(run({ number: 7, ...common })), nasty);
  const result = await one.site.update([]);
  assert.ok(result.ok, JSON.stringify(result));
  return one;
}

const emptyTexts = (record: RunRecord): RunRecord => ({
  ...record,
  meta: { ...record.meta, pusher: { text: '', bytes: null } },
});

let site: Place;
test.before(async () => {
  site = await nastySite();
});
test.after(() => tidy(site.target));

const pages = (end: string): [string, string][] =>
  [...site.all()]
    .filter(([address]) => address.endsWith(end))
    .map(([address, bytes]) => [address, Buffer.from(bytes, 'latin1').toString('utf8')]);

test('text from outside stays text: no tag, attribute or handler comes of it', () => {
  for (const [address, page] of pages('.html')) {
    const tags = (page.match(/<[a-z!/][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
    for (const tag of tags) {
      assert.not.match(tag, /\son\w+\s*=|<img|<svg onload/i, `${address}: ${tag}`);
    }
    assert.is((page.match(/<script/g) ?? []).length, address === '404.html' ? 0 : 1, address);
    assert.not.match(page, /<img/, address);
    assert.not.match(page, /<(?:a|use)\s[^>]*(?:href|src)="\s*javascript:/i, address);
    assert.not.match(page, /(?:&#125;|\}\}) 7 7/, address);
  }
});

test('no control, bidi override or line separator reaches any file', () => {
  const wrong = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/;
  for (const end of ['.html', '.xml', '.svg', '.json']) {
    for (const [address, page] of pages(end)) assert.not.match(page, wrong, address);
  }
  for (const [address, text] of pages('log.txt'))
    assert.not.match(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/, address);
});

test('an override in a subject is shown to the reader', () => {
  assert.ok(site.page('index.html').includes('\\u202egnp.exe'));
});

test('every page is valid HTML', async () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:standard', 'html-validate:a11y'],
    rules: {
      'require-sri': 'off',
      'no-inline-style': 'error',
      'no-trailing-whitespace': 'off',
      'long-title': 'off',
      'tel-non-breaking': 'off',
      // A name from outside may look like anything.
      'text-content': 'off',
    },
  });
  for (const [address, page] of pages('.html')) {
    const report = await validator.validateString(page, address);
    const said = report.results.flatMap((result) =>
      result.messages.map(
        (message) => `${address}:${message.line}:${message.column} ${message.ruleId} ${message.message}`,
      ),
    );
    assert.equal(said, [], said.slice(0, 10).join('\n'));
  }
});

test('feed, badges and icons are well-formed XML', () => {
  const files = [...pages('.xml'), ...pages('.svg')];
  assert.ok(files.length > 5);
  for (const [address, text] of files) {
    const parser = new SaxesParser({ xmlns: true, fileName: address });
    parser.on('error', (error) => {
      throw error;
    });
    parser.write(text).close();
  }
});

test('the feed is Atom: ids that stay, times, an author, whole addresses where the site has one', () => {
  const feed = site.page('feed.xml');
  assert.match(feed, /<feed xmlns="http:\/\/www\.w3\.org\/2005\/Atom">/);
  assert.match(feed, new RegExp(`<id>urn:uuid:${idOf(1)}</id>`));
  assert.match(feed, new RegExp(`href="https://ci.example.org/a/runs/${idOf(1)}/index.html"`));
  assert.match(feed, /<link rel="self"/);
  for (const [, stamp] of feed.matchAll(/<updated>(.*?)<\/updated>/g)) {
    assert.match(stamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assert.is(
    [...feed.matchAll(/<entry>/g)].length,
    [...feed.matchAll(/<author><name>.+?<\/name><\/author>/g)].length - 1,
  );
});

test('the JSON files are what their schemas say', () => {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    formats: { 'date-time': true },
    allowUnionTypes: true,
  });
  const schema = (name: string) =>
    ajv.compile(JSON.parse(readFileSync(join(root, 'site/schemas', `${name}.schema.json`), 'utf8')));
  const kinds = { run: schema('run'), runs: schema('runs'), status: schema('status') };
  let checked = 0;
  for (const [address, text] of pages('.json').filter(([name]) => !name.startsWith('assets/'))) {
    const kind = address === 'status.json' ? 'status' : address.endsWith('/run.json') ? 'run' : 'runs';
    const valid = kinds[kind](JSON.parse(text));
    assert.ok(valid, `${address}: ${ajv.errorsText(kinds[kind].errors)}`);
    checked += 1;
  }
  assert.ok(checked >= 9);
});

test('every link inside the site leads to a file, and none leads out', () => {
  const files = site.all();
  for (const [address, page] of pages('.html')) {
    if (address === '404.html') continue;
    for (const [, link] of page.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (link === undefined || link.startsWith('#')) continue;
      assert.not.match(link, /^[a-z]+:|^\//i, `${address}: ${link}`);
      const target = new URL(link, `http://site/${address}`).pathname.slice(1);
      assert.ok(files.has(target), `${address} links to ${target}`);
    }
  }
});

test.run();
