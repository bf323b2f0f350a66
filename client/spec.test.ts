/** Every row of SPEC.md names a test that exists. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const NAMED = /\[[^\]]+\]\(([^)]+\.test\.ts)\): `([^`]+)`/g;

const here = (path: string): URL => new URL(path, import.meta.url);

/** Rows of tables, without heads and the lines below them. */
function rowsOf(text: string): string[] {
  const lines = text.split('\n');
  return lines.filter(
    (line, i) =>
      line.startsWith('|') &&
      !/^\|[ |-]+\|$/.test(line) &&
      !/^\|[ |-]+\|$/.test(lines[i + 1] ?? ''),
  );
}

function hasTest(path: string, title: string): boolean {
  if (!existsSync(here(path))) return false;
  const literal = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`\\b(?:it|test)\\(\\s*(['"\`])${literal}\\1`).test(
    readFileSync(here(path), 'utf8'),
  );
}

/** What is wrong with a row; empty when its last cell names tests that exist. */
function faultsOf(row: string): string[] {
  const cell = row.split(/(?<!\\)\|/).at(-2) ?? '';
  const named = Array.from(cell.matchAll(NAMED), ([, path = '', title = '']) => ({ path, title }));
  if (named.length === 0) return [`names no test: ${row}`];
  return named
    .filter(({ path, title }) => !hasTest(path, title))
    .map(({ path, title }) => `${path} has no test "${title}"`);
}

describe('the specification of the live feed', () => {
  const rows = rowsOf(readFileSync(here('SPEC.md'), 'utf8'));

  it('names tests that exist, in every row', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.flatMap(faultsOf)).toEqual([]);
  });

  it.each([
    ['| a | |', 'names no test'],
    ['| a | [spec](spec.test.ts): `is not there` |', 'has no test'],
    ['| a | [none](none.test.ts): `names tests that exist, in every row` |', 'has no test'],
  ])('would be found out: %s', (row, fault) => {
    expect(faultsOf(row)).toEqual([expect.stringContaining(fault)]);
  });
});
