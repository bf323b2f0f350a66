/** No table is looked up by a word that somebody sent: every object knows `constructor`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../testing/secured-servers.ts';

const FOLDERS = ['shared', 'api-gateway', 'broadcast-service', 'archival-worker', 'client', 'web'];

/**
 * TypeScript lets a string look something up only where a type allows every string, or where a cast
 * says so. Tables that have neither are looked up by words that we know; for others there is `Map`.
 */
const BY_ANY_WORD = [
  /\bconst [A-Z][A-Z0-9_]*: (?:Readonly<)?Record<string,/,
  /\bas keyof typeof [A-Z]/,
];

test('tables of constants are Maps, or have keys that we know', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
      .map((name) => join(folder, name)),
  );
  expect(files.length).toBeGreaterThan(300);
  const wrong = files.flatMap((file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    return lines.filter((line) => BY_ANY_WORD.some((form) => form.test(line)));
  });
  expect(wrong).toEqual([]);
});
