import { describe, expect, it } from 'vitest';
import { looksOf, nameFault, tidyName } from './display-names.ts';

it('composes, and keeps single blanks between words', () => {
  expect(tidyName('\u3000 Zoe\u0308 \u00A0\t van  Dijk ')).toBe('Zoë van Dijk');
});

describe('a name', () => {
  it.each([
    'Ada',
    'Zoë van Dijk',
    "O'Brien-Łukasz",
    'Иван',
    'Ελένη',
    'علی‌رضا',
    'می‌خواهم',
    'क्‍ष',
    'क्\u200Cष',
    'Bidder oa1b2c3d',
    'ක්‍රි',
    'Ali علی',
    'अमित Amit',
    '田中さん',
    'タナカ Tanaka',
    '김철수 金',
    'ᏣᎳᎩ',
    '42',
    '🚀 Ada',
    '👩‍🚀',
    '❤️ Ada',
    '★',
    '\u{20000}'.repeat(40),
  ])('can be %j', (name) => {
    expect(nameFault(tidyName(name))).toBeUndefined();
  });

  it.each([
    ['', 'printable'],
    ['x'.repeat(41), 'printable'],
    ['😀'.repeat(41), 'printable'],
    ['\u200B', 'printable'],
    ['\u3164', 'printable'],
    ['\u2800', 'printable'],
    ['Ada\u2800', 'printable'],
    ['A\u200Bda', 'printable'],
    ['Ada\u202E', 'printable'],
    ['A\u00ADda', 'printable'],
    ['a\u200Db', 'printable'],
    ['Ad\u200Ca', 'printable'],
    ['a\nb\0', 'printable'],
    [`Z${'\u0301'.repeat(5)}`, 'marks'],
    ['\u0410da', 'scripts'],
    ['Ра\u0443Раl', 'scripts'],
    ['Αda', 'scripts'],
    ['Иван Ελένη', 'scripts'],
    ['ᏣAda', 'scripts'],
    ['عAмит', 'scripts'],
    ['Bidder 0a1b2c3d', 'kept'],
    ['bidder  0A1B2C3D', 'kept'],
    ['BIDDER l2345678', 'kept'],
    ['Bіddеr 12345678', 'scripts'],
  ])('%j: %s', (name, reason) => {
    expect(String(nameFault(tidyName(name)))).toContain(reason);
  });
});

const alike = (a: string, b: string): boolean => {
  const [one, other] = [looksOf(a), looksOf(b)];
  return one.written === other.written || one.lower === other.lower;
};

describe('names that look alike', () => {
  it.each([
    ['Ada', 'ADA'],
    ['Iris', 'lris'],
    ['IRIS', 'iris'],
    ['сосо', 'coco'],
    ['СОСО', 'coco'],
    ['Ann Lee', 'AnnLee'],
    ['Ann Lee', 'Ann\u2003Lee'],
    ['modern', 'rnodern'],
    ['Café', 'Cafe\u0301'],
    ['Bob1', 'Bobl'],
    ['می‌خواهم', 'میخواهم'],
    ['Ａｄａ', 'Ada'],
  ])('%j and %j', (a, b) => {
    expect(alike(a, b)).toBe(true);
  });

  it.each([
    ['Ada', 'Ava'],
    ['Iris', 'Ines'],
    ['Zoe', 'Zoë'],
    ['Ann', 'Anna'],
  ])('not %j and %j', (a, b) => {
    expect(alike(a, b)).toBe(false);
  });
});
