/**
 * Models to text, through Eta: the one file that knows the template engine, and the one place where text is escaped.
 *
 * Templates are compiled once a process. Must not know: what the models mean, or where pages go.
 */
import { join } from 'node:path';
import { Eta } from 'eta/core';
import { type FileFailure, list, readText } from '../base/files.ts';
import { err, ok, type Result } from '../base/result.ts';
import { visible } from '../base/text.ts';
import type { JobPage } from './job-page.ts';
import type { Badge, Feed, IndexPage, ListPage, RefPage } from './list-pages.ts';
import type { MissingPage } from './missing-page.ts';
import type { RunPage } from './run-page.ts';
import type { UnreadablePage } from './unreadable.ts';

/** Every page template and what it is given. */
export type Models = {
  readonly index: IndexPage;
  readonly list: ListPage;
  readonly ref: RefPage;
  readonly run: RunPage;
  readonly job: JobPage;
  readonly unreadable: UnreadablePage;
  readonly missing: MissingPage;
  readonly badge: Badge;
  readonly feed: Feed;
};

export type RenderFailure =
  | { readonly reason: 'disk'; readonly failure: FileFailure }
  | { readonly reason: 'template'; readonly template: string; readonly problem: string };

export type Renderer = <Name extends keyof Models>(
  name: Name,
  model: Models[Name],
) => Result<string, RenderFailure>;

/** Reads and compiles the templates of a directory. */
export function loadTemplates(directory: string): Result<Renderer, RenderFailure> {
  const names = list(directory);
  if (!names.ok) return err({ reason: 'disk', failure: names.error });
  const eta = new Eta({ escapeFunction: escaped, autoEscape: true });
  for (const file of names.value.filter((name) => name.endsWith('.eta'))) {
    const name = file.slice(0, -'.eta'.length);
    const text = readText(join(directory, file));
    if (!text.ok) return err({ reason: 'disk', failure: text.error });
    const loaded = guarded(name, () => eta.loadTemplate(`@${name}`, text.value));
    if (!loaded.ok) return loaded;
  }
  return ok((name, model) => guarded(name, () => eta.render(`@${name}`, model)));
}

function guarded<T>(template: string, work: () => T): Result<T, RenderFailure> {
  try {
    return ok(work());
  } catch (error) {
    return err({ reason: 'template', template, problem: String(error) });
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const unsafe =
  /[&<>"'\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/u;
const unsafeEach = new RegExp(unsafe, 'gu');

/**
 * Text for HTML, XML and attributes alike. What would steer the reader's eye or the parser instead of being read
 * (controls, bidi overrides, line separators) is shown as `\u202e`; half a character becomes U+FFFD.
 */
export function escaped(value: unknown): string {
  const text = String(value);
  return unsafe.test(text) ? text.replace(unsafeEach, escapedCharacter) : text;
}

function escapedCharacter(character: string): string {
  const entity = entities[character];
  if (entity !== undefined) return entity;
  if (/\p{Surrogate}/u.test(character)) return '\ufffd';
  const shown = visible(character);
  return shown === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : shown;
}
