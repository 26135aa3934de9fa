/**
 * The page of an address that is not there. A server shows it at any depth, so it holds its own style
 * and a link home only when the site's address is known.
 *
 * Must not know: any run.
 */
import * as addresses from './addresses.ts';
import type { SiteNames } from './list-pages.ts';

export type MissingPage = { readonly siteTitle: string; readonly home: string | null };

export const missingPage = (names: SiteNames): MissingPage => ({
  siteTitle: names.title,
  home: names.url === null ? null : `${names.url.replace(/\/*$/, '/')}${addresses.indexPage}`,
});
