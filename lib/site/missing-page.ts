/**
 * The page of an address that is not there. A server shows it at any depth, so it holds its own style
 * and, when the site's address is known, a whole link home.
 *
 * Must not know: any run.
 */
import * as addresses from './addresses.ts';
import type { SiteNames } from './list-pages.ts';

export type MissingPage = { readonly siteTitle: string; readonly home: string };

export const missingPage = (names: SiteNames): MissingPage => ({
  siteTitle: names.title,
  home: `${names.url === null ? '' : names.url.replace(/\/*$/, '/')}${addresses.indexPage}`,
});
