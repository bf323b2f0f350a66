/** What documents say of the repository is so: links lead somewhere, files and tests that are named exist. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../testing/secured-servers.ts';

/** What is made or installed here, and left by runs. */
const NO_DOCUMENTS = new Set(['node_modules', 'dist', '.git', '.local', '.turbo', 'results']);

const filesIn = (folder: string, end: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NO_DOCUMENTS.has(entry.name) ? [] : filesIn(path, end);
    return end.test(entry.name) ? [path] : [];
  });

const documents = filesIn('', /\.md$/);
const code = filesIn('', /\.(?:ts|tsx|lua|mjs|sql)$/);

/** Prose alone: what stands in a block of code is no link. */
const proseOf = (path: string): string =>
  readFileSync(join(ROOT, path), 'utf8').replaceAll(/^```[^]*?^```/gm, '');

/** Links to places within the repository. */
const linksOf = (path: string): string[] =>
  Array.from(proseOf(path).matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => to).filter(
    (to) => !/^[a-z]+:/.test(to),
  );

const targetOf = (path: string, file: string): string =>
  file === '' ? path : normalize(join(dirname(path), file));

/** The names under which GitHub shows a document's headings, and those given by hand. */
function anchorsOf(path: string): Set<string> {
  const prose = proseOf(path);
  const headings = Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\]\([^)]*\)/g, '')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const given = Array.from(prose.matchAll(/<a id="([^"]+)">/g), ([, id = '']) => id);
  return new Set([...headings, ...given]);
}

test.each(documents)('the links of %s lead somewhere', (path) => {
  const dead = linksOf(path).filter((to) => {
    const [file = '', anchor] = to.split('#');
    const target = targetOf(path, file);
    if (!existsSync(join(ROOT, target))) return true;
    if (anchor === undefined) return false;
    return statSync(join(ROOT, target)).isDirectory() || !anchorsOf(target).has(anchor);
  });
  expect(dead).toEqual([]);
});

test('whoever follows links from the README finds every document', () => {
  const found = new Set(['README.md']);
  for (const path of found) {
    for (const to of linksOf(path)) {
      const target = targetOf(path, to.split('#')[0] ?? '');
      for (const document of [target, join(target, 'README.md')]) {
        if (documents.includes(document)) found.add(document);
      }
    }
  }
  const unlinked = documents.filter((path) => !found.has(path) && !path.startsWith('.github'));
  expect(unlinked).toEqual([]);
});

test('the folders that the README of a package lists exist', () => {
  const missing = documents.flatMap((path) =>
    Array.from(proseOf(path).matchAll(/^\| `([\w./-]+\/)` *\|/gm), ([, folder = '']) =>
      join(dirname(path), folder),
    ).filter((folder) => !existsSync(join(ROOT, folder))),
  );
  expect(missing).toEqual([]);
});

test.each(documents)('the files of code that %s names exist', (path) => {
  const named = proseOf(path).matchAll(/`([\w./-]+\.(?:ts|tsx|lua|mjs|sql))`/g);
  const missing = Array.from(named, ([, name = '']) => name)
    // Contributing says how tests are named.
    .filter((name) => !name.startsWith('x.'))
    .filter((name) => !code.some((file) => `/${file}`.endsWith(`/${name}`)));
  expect(missing).toEqual([]);
});

test('the list of decisions names each by its title', () => {
  const list = proseOf('docs/adr/README.md');
  const decisions = documents.filter((path) => /^docs\/adr\/\d{4}-/.test(path));
  const unlisted = decisions.filter((path) => {
    const [, number = '', title = ''] = /^# (\d+)\. (.+)$/m.exec(proseOf(path)) ?? [];
    const row = new RegExp(String.raw`^\| ${number} +\| \[(.+)\]\(${basename(path)}\) +\|$`, 'm');
    return row.exec(list)?.[1] !== title;
  });
  expect(unlisted).toEqual([]);
});

test('every promise names the test that shows it', () => {
  const rows = proseOf('docs/guarantees.md').match(/^\|.*\|$/gm) ?? [];
  const promises = rows.filter((row) => !/^\| *(promise|what|-+) *\|/.test(row));
  expect(promises.length).toBeGreaterThan(20);
  expect(promises.filter((row) => !/\.test\.ts\)/.test(row))).toEqual([]);
});
