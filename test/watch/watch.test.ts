/** A watch over a real work tree; what it runs is conducted by the test. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Once, type Watch, type WatchNews, watch } from '../../lib/watch/watch.ts';
import { until } from '../rig/forge.ts';

const test = suite('watch/watch');

/** One run that goes on until the test ends it, or the watch does. */
type Going = { readonly once: Once; readonly end: () => void };

class Tree {
  readonly top = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'quire-watch-')));
  readonly runs: Going[] = [];
  readonly news: WatchNews[] = [];
  /** Whether a run that is told to end does so by itself. */
  obedient = true;
  #watch: Watch | null = null;

  write(path: string, text: string): void {
    fs.mkdirSync(dirname(join(this.top, path)), { recursive: true });
    fs.writeFileSync(join(this.top, path), text);
  }

  git(...words: string[]): void {
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', ...words], { cwd: this.top });
  }

  get watch(): Watch {
    this.#watch ??= watch({
      top: this.top,
      run: (once) =>
        new Promise((over) => {
          this.runs.push({ once, end: over });
          once.signal.addEventListener('abort', () => {
            if (this.obedient) over();
          });
        }),
      hear: (news) => this.news.push(news),
    });
    return this.#watch;
  }

  /** The run with a number from 1, once it goes on. */
  async run(number: number): Promise<Going> {
    const going = (): Going | undefined => this.runs[number - 1];
    return until(`run ${number}`, going, 10_000);
  }

  changed(): string[] {
    return this.news.flatMap((news) => (news.kind === 'changed' ? news.paths : []));
  }

  async close(): Promise<void> {
    this.watch.quit();
    for (const { end } of this.runs) end();
    await this.watch.over;
    fs.rmSync(this.top, { recursive: true, force: true });
  }
}

/** A watched repository whose first run is over and which is looked at whole. */
const watched = (body: (tree: Tree) => Promise<void>) => async (): Promise<void> => {
  const tree = new Tree();
  tree.git('init', '-q', '-b', 'main');
  tree.write('.gitignore', 'node_modules\n*.log\n');
  tree.write('src/a.txt', 'a');
  tree.write('node_modules/x/index.js', 'x');
  tree.git('add', '-A');
  tree.git('commit', '-q', '-m', 'one');
  try {
    void tree.watch;
    (await tree.run(1)).end();
    await settled(tree);
    await body(tree);
  } finally {
    await tree.close();
  }
};

/** Saves a file again and again until a run starts: then every directory is watched. Leaves no run going. */
async function settled(tree: Tree): Promise<void> {
  const before = tree.runs.length;
  const timer = setInterval(() => tree.write('src/settle.txt', String(performance.now())), 150);
  await tree.run(before + 1);
  clearInterval(timer);
  tree.git('add', '-A');
  // The last of these saves may still be on its way: it is over when nothing is heard for longer than that takes.
  for (let heard = -1; heard !== tree.news.length || tree.news.at(-1)?.kind !== 'waiting'; ) {
    heard = tree.news.length;
    tree.runs.at(-1)?.end();
    await pause(400);
  }
  tree.runs.length = 1;
  tree.news.length = 0;
}

test(
  'the first run starts at once, a save starts the next, and saves that come together start one',
  watched(async (tree) => {
    tree.write('src/a.txt', 'b');
    tree.write('src/new.txt', 'c');
    tree.write('.quire/ci.fnl', ';');
    (await tree.run(2)).end();
    assert.equal([...new Set(tree.changed())].sort().slice(-2), ['src/a.txt', 'src/new.txt']);
    assert.ok(tree.runs.length <= 3);
  }),
);

test(
  'a save during a run ends it; the next starts when nothing of it is left',
  watched(async (tree) => {
    tree.write('src/a.txt', 'b');
    const second = await tree.run(2);
    tree.obedient = false;
    tree.write('src/a.txt', 'c');
    await until('the run to be told', () => second.once.signal.aborted);
    assert.equal(second.once.signal.reason, { kind: 'canceled' });
    assert.is(tree.runs.length, 2);
    second.end();
    tree.obedient = true;
    await tree.run(3);
  }),
);

test(
  'what git ignores, git’s own files and droppings of editors start nothing, also in directories that come later',
  watched(async (tree) => {
    tree.write('node_modules/x/index.js', 'y');
    tree.write('debug.log', 'y');
    tree.write('src/.a.txt.swp', 'y');
    tree.git('commit', '-q', '-m', 'two');
    fs.rmSync(join(tree.top, 'node_modules'), { recursive: true });
    tree.write('node_modules/y/index.js', 'y');
    tree.write('src/deep/er/b.txt', 'b');
    (await tree.run(2)).end();
    tree.write('node_modules/y/index.js', 'z');
    tree.write('src/deep/er/b.txt', 'c');
    await until(
      'the change of b.txt',
      () => tree.changed().filter((path) => path.endsWith('b.txt')).length > 1,
    );
    assert.equal([...new Set(tree.changed())], ['src/deep/er/b.txt']);
  }),
);

test(
  'what a run function writes starts nothing, and what jobs write again and again does so no more',
  watched(async (tree) => {
    tree.write('src/a.txt', 'b');
    const { once, end } = await tree.run(2);
    tree.write('written.txt', 'by write-file');
    once.wrote(join(tree.top, 'written.txt'));
    tree.write('src/a.txt', 'b');
    // A last one that counts tells that the others had their turn.
    tree.write('src/z.txt', 'z');
    await tree.run(3);
    end();
    assert.equal(
      tree.changed().filter((path) => path === 'written.txt'),
      [],
    );
  }),
);

test(
  'a key runs again, quitting ends the run first',
  watched(async (tree) => {
    tree.watch.ask('failed');
    const second = await tree.run(2);
    assert.is(second.once.wish, 'failed');
    tree.obedient = false;
    tree.watch.quit();
    await until('the run to be told', () => second.once.signal.aborted);
    second.end();
    await tree.watch.over;
  }),
);

test(
  'a removed file and a changed .gitignore count',
  watched(async (tree) => {
    fs.rmSync(join(tree.top, 'src/a.txt'));
    (await tree.run(2)).end();
    tree.write('.gitignore', '*.log\n');
    (await tree.run(3)).end();
    // By now node_modules is watched.
    const timer = setInterval(() => tree.write('node_modules/x/index.js', String(Date.now())), 150);
    (await tree.run(4)).end();
    clearInterval(timer);
    assert.ok(tree.changed().includes('node_modules/x/index.js'));
  }),
);

test.run();
