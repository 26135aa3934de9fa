/**
 * The first `config.fnl` of a repository: the commented template with what is known at install written in.
 *
 * Pure. Must not know: where either file lies.
 */

export type FirstSettings = {
  /** `PATH` at install: a hook's own is often shorter. */
  readonly path: string;
  readonly siteUrl: string | null;
  readonly executor: string | null;
};

/** The template's commented line of each setting that is known makes room for the setting. */
export function firstConfig(template: string, { path, siteUrl, executor }: FirstSettings): string {
  const settings: [key: string, value: string | null][] = [
    ['path', fennelString(path)],
    ['executor', executor === null ? null : fennelString(executor)],
    ['site', siteUrl === null ? null : `{:url ${fennelString(siteUrl)}}`],
  ];
  return settings.reduce(
    (text, [key, value]) =>
      value === null ? text : text.replace(new RegExp(`^ ;; :${key} .*$`, 'm'), () => ` :${key} ${value}`),
    template,
  );
}

const fennelString = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)}"`;
