import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBrowser, type StaticServer, serveStatic, type Watch, watch } from '../rig/browser.ts';
import { command, exit, idOf, output, type Place, place, run, tidy } from './fixtures.ts';

const browser = await openBrowser();

const jobs = [
  { id: 'build', from: 0, until: 10 },
  { id: 'lint', from: 0, until: 4 },
  {
    id: 'test',
    inputs: ['build', 'lint'],
    from: 10,
    until: 60,
    state: 'failed',
    error: 'command 2 exited 3',
  },
  { id: 'publish', inputs: ['test'], state: 'skipped', reason: 'needs test' },
] as const;

async function build(): Promise<Place> {
  const one = place();
  for (let number = 1; number <= 60; number += 1) {
    one.records.put(
      run({
        number,
        ref: `refs/heads/topic-${number % 20}`,
        outcome: number % 7 === 0 ? 'failed-job' : 'succeeded',
      }),
    );
  }
  const id = one.records.put(
    run({
      number: 61,
      subject: 'Break <img src=x onerror=alert(1)> the tests',
      author: '<script>alert(2)</script> <a@b>',
      outcome: 'failed-job',
      jobs,
    }),
  );
  one.records.say(id, 'test', [
    command(1, 'npm ci'),
    ...Array.from({ length: 400 }, (_, index) => output(`package ${index}\n`)),
    exit(0),
    command(2, 'npm test'),
    output('\u001b[31mnot ok\u001b[0m 1 - counts\n<script>alert(3)</script>\n'),
    exit(3),
  ]);
  const result = await one.site.update([]);
  assert.ok(result.ok);
  return one;
}

if (browser !== null) {
  const test = suite<{ place: Place; server: StaticServer; browser: Browser }>('site/browser');

  test.before(async (context) => {
    context.browser = browser;
    context.place = await build();
    context.server = await serveStatic(context.place.target, '/ci/widgets/');
  });
  test.after(async (context) => {
    await browser.close();
    await context.server.close();
    tidy(context.place.target);
  });

  const look = async (
    work: (page: Page, seen: Watch) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const seen = watch(page);
    try {
      await work(page, seen);
    } finally {
      await context.close();
    }
  };

  const fromIndexToLog = async (page: Page, start: string): Promise<void> => {
    await page.goto(start);
    await page.click('table.runs >> text=#61');
    await page.waitForURL(/runs\/[0-9a-f-]+\/index\.html$/);
    assert.match((await page.textContent('h1')) ?? '', /#61 Break <img/);
    assert.ok((await page.locator('.graph svg .box').count()) === 5, 'the graph has every job and the push');
    await page.click('table.jobs >> text=test');
    await page.waitForURL(/jobs\/test\/index\.html$/);
    assert.match((await page.textContent('.callout')) ?? '', /command 2 exited 3/);
    await page.click('text=Go to the command that failed');
    assert.match(page.url(), /#sh-2$/);
    assert.ok(await page.isVisible('text=not ok'));
    assert.is(await page.locator('.f-red').textContent(), 'not ok');
  };

  test('from a file: index, run, job log; nothing asked from elsewhere, a clean console', ({ place: one }) =>
    look(async (page, seen) => {
      await fromIndexToLog(page, pathToFileURL(`${one.target}/index.html`).href);
      await page.waitForTimeout(50);
      const root = pathToFileURL(one.target).href;
      assert.equal(
        seen.requests.filter((url) => !url.startsWith(root)),
        [],
      );
      assert.equal(seen.console, []);
    }));

  test('from a server in a sub-path: the same', ({ server }) =>
    look(async (page, seen) => {
      await fromIndexToLog(page, server.url);
      assert.equal(
        seen.requests.filter((url) => !url.startsWith(server.url)),
        [],
      );
      assert.equal(seen.console, []);
    }));

  test('the graph, the trend and the list of refs lead somewhere as well', ({ server }) =>
    look(async (page, seen) => {
      for (const [link, lands] of [
        ['.refs a.number', /runs\/[0-9a-f-]+\/index\.html$/],
        ['.graph a[href*="jobs/test/"]', /jobs\/test\/index\.html$/],
        ['.links a', /jobs\/build\/index\.html$/],
        ['.crumbs a:nth-child(2)', /refs\/main\/index\.html$/],
        ['.home', /\/index\.html$/],
        ['.trend a', /runs\/[0-9a-f-]+\/index\.html$/],
      ] as const) {
        if (link === '.refs a.number') await page.goto(server.url);
        await page.click(link);
        await page.waitForURL(lands);
        // An icon that is still on its way when the page is left would count as one that failed.
        await page.waitForLoadState('networkidle');
      }
      assert.equal(seen.console, []);
    }));

  test('styles and script are let in by the page’s own policy, from a file and from a server', async ({
    place: one,
    server,
  }) => {
    for (const url of [pathToFileURL(`${one.target}/index.html`).href, server.url]) {
      await look(async (page) => {
        await page.goto(url);
        const family = await page.evaluate('getComputedStyle(document.body).fontFamily');
        assert.match(String(family), /system-ui/);
        await page.waitForSelector('time[data-when][title]');
      });
    }
  });

  test('nothing is lost without a script', ({ server }) =>
    look(
      async (page) => {
        await fromIndexToLog(page, server.url);
        assert.ok(await page.isVisible('text=not ok'));
      },
      { javaScriptEnabled: false },
    ));

  test('the keyboard gets there', ({ server }) =>
    look(async (page) => {
      await page.goto(server.url);
      await page.keyboard.press('Tab');
      assert.is(await page.evaluate('document.activeElement.innerText'), 'Skip to content');
      await page.keyboard.press('Enter');
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        const text = await page.evaluate('document.activeElement.innerText');
        if (String(text).startsWith('#61')) break;
      }
      await page.keyboard.press('Enter');
      await page.waitForURL(/runs\//);
    }));

  test('no page is wider than a small screen', ({ place: one, server }) =>
    look(
      async (page) => {
        const addresses = [
          'index.html',
          'page/1.html',
          'refs/main/index.html',
          `runs/${idOf(61)}/index.html`,
          `runs/${idOf(61)}/jobs/test/index.html`,
          '404.html',
        ];
        for (const address of addresses) {
          assert.is.not(one.page(address), '', address);
          await page.goto(server.url + address);
          const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          assert.ok(Number(wide) <= 0, `${address} is ${wide} too wide`);
        }
      },
      { viewport: { width: 360, height: 740 } },
    ));

  test('on a small screen the number of a line stands on one line, however long the log', ({
    place: one,
    server,
  }) =>
    look(
      async (page) => {
        const id = one.records.put(run({ number: 1 }));
        const many = Array.from({ length: 120 }, () => output('y\n'.repeat(10_000)));
        one.records.say(id, 'build', [command(1, 'yes'), ...many, exit(0)]);
        assert.ok((await one.site.update([{ run: id }])).ok);
        await page.goto(`${server.url}runs/${id}/jobs/build/index.html`);
        const sizes = await page.evaluate(gutterSizes);
        assert.match(String(sizes), /^\d+ by \d+$/);
        assert.ok(await page.isVisible('#L1200001 > a'));
      },
      { viewport: { width: 360, height: 740 } },
    ));

  test('light and dark are both read with ease', async ({ server, place: one }) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await look(
        async (page) => {
          for (const address of ['index.html', `runs/${idOf(61)}/jobs/test/index.html`]) {
            assert.is.not(one.page(address), '');
            await page.goto(server.url + address);
            const poor = await page.evaluate(faintTexts);
            assert.equal(poor, [], `${colorScheme} ${address}`);
          }
        },
        { colorScheme },
      );
    }
  });

  test('a page of a running run follows it, and keeps what the reader opened', ({ place: one, server }) =>
    look(async (page, seen) => {
      const sketch = { number: 62, state: 'active' } as const;
      const log = [
        command(1, 'make'),
        ...Array.from({ length: 400 }, (_, n) => output(`line ${n}\n`)),
        exit(0),
      ];
      const id = one.records.put(run({ ...sketch, jobs: [{ id: 'build', state: 'active', until: null }] }));
      one.records.say(id, 'build', [...log, command(2, 'sleep')]);
      assert.ok((await one.site.update([{ run: id }])).ok);
      await page.goto(`${server.url}runs/${id}/jobs/build/index.html`);
      await page.click('summary >> text=make');
      assert.ok(await page.isVisible('text=line 399'));
      one.records.say(id, 'build', [output('fresh news\n')]);
      assert.ok((await one.site.update([{ run: id }])).ok);
      await page.waitForSelector('text=fresh news');
      assert.ok(await page.isVisible('text=line 399'));
      one.records.say(id, 'build', [exit(0)]);
      one.records.put(run({ number: 62, jobs: [{ id: 'build' }] }));
      assert.ok((await one.site.update([{ run: id }])).ok);
      await page.waitForSelector('.headline .s-complete');
      assert.match(await page.title(), /build complete/);
      const before = seen.requests.length;
      await page.waitForTimeout(2300);
      assert.is(seen.requests.length, before, 'a final page asks no more');
      assert.equal(seen.console, []);
    }));

  test.run();
}

/** The different sizes that the numbers of lines have. Runs in the page. */
const gutterSizes = `(() => {
  const boxes = [...document.querySelectorAll('.l > a')].map((link) => link.getBoundingClientRect());
  return [...new Set(boxes.map((box) => Math.round(box.width) + ' by ' + Math.round(box.height)))].join(', ');
})()`;

/** Texts whose contrast with what is behind them is below 4.5 (WCAG AA). Runs in the page. */
const faintTexts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r * a + under[0] * (1 - a), g * a + under[1] * (1 - a), b * a + under[2] * (1 - a)];
  const light = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    if (element === null) return [255, 255, 255];
    const colour = rgba(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour : over(colour, behind(element.parentElement));
  };
  const poor = [];
  for (const element of document.querySelectorAll('main *, header *, footer *')) {
    if (element.closest('svg') || element.closest('.skip') || !element.checkVisibility()) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')) continue;
    const style = getComputedStyle(element);
    const back = behind(element);
    const front = over([...rgba(style.color).slice(0, 3), Number(style.opacity)], back);
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) poor.push(element.className + ' ' + element.textContent.trim().slice(0, 30) + ' ' + contrast.toFixed(2));
  }
  return poor;
})()`;
