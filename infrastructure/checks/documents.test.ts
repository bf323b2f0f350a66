/** Links between documents lead somewhere: to a file that is in the repository, to a heading in it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../testing/secured-servers.ts';

/** What is made or installed here, and left by runs. */
const NO_DOCUMENTS = new Set(['node_modules', 'dist', '.git', '.local', '.turbo', 'results']);

const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NO_DOCUMENTS.has(entry.name) ? [] : filesIn(path, end);
    return entry.name.endsWith(end) ? [path] : [];
  });

const documents = filesIn('', '.md');
const tests = filesIn('', '.test.ts');

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

test('the tests that ARCHITECTURE.md names exist', () => {
  const named = proseOf('ARCHITECTURE.md').matchAll(/`([\w./-]+\.test\.ts)`/g);
  const missing = Array.from(named, ([, path = '']) => path).filter(
    (path) => !tests.some((test) => `/${test}`.endsWith(`/${path}`)),
  );
  expect(missing).toEqual([]);
});

test('every promise names the test that shows it', () => {
  const rows = proseOf('docs/guarantees.md').match(/^\|.*\|$/gm) ?? [];
  const promises = rows.filter((row) => !/^\| *(promise|what|-+) *\|/.test(row));
  expect(promises.length).toBeGreaterThan(20);
  expect(promises.filter((row) => !/\.test\.ts\)/.test(row))).toEqual([]);
});
