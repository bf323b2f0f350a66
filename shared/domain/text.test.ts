import { describe, expect, it } from 'vitest';
import { characterCount, DESCRIPTION_RULE, textFault, tidyText, TITLE_RULE } from './text.ts';

it.each([
  ['abc', 3],
  ['é', 1],
  ['😀', 1],
  ['👩‍🚀', 3],
  ['', 0],
])('%j has %d characters', (text, count) => {
  expect(characterCount(text)).toBe(count);
});

it('composes, and takes blanks off the ends', () => {
  expect(tidyText('\u00A0 cafe\u0301 ')).toBe('caf\u00E9');
});

describe('a title', () => {
  it.each([
    'Tool chest',
    '7',
    '!',
    '🎉',
    '㋿',
    'می\u200Cخواهم',
    'ש\u05B8ׁלו\u05B9ם',
    'Việt Nam',
    'שעון\u200E 5"',
    'Σ and Я',
    '😀'.repeat(200),
  ])('can be %j', (title) => {
    expect(textFault(title, TITLE_RULE)).toBeUndefined();
  });

  it.each([
    ['', 'visible'],
    ['\u200B\u200D\u2060', 'visible'],
    ['\u3164', 'visible'],
    ['\u2800\u2800', 'visible'],
    ['\u00AD', 'visible'],
    ['\u0301', 'visible'],
    ['\u{E0041}', 'visible'],
    ['x'.repeat(201), '200 characters'],
    ['😀'.repeat(201), '200 characters'],
    ['a\nb', 'control'],
    ['a\u2028b', 'control'],
    ['a\0b', 'control'],
    ['a\uD800b', 'control'],
    ['lamp \u202E05.1$', 'direction'],
    ['lamp \u2066x', 'direction'],
    [`Z${'\u0301'.repeat(5)}`, 'marks'],
  ])('cannot be %j: %s', (title, reason) => {
    expect(textFault(title, TITLE_RULE)).toContain(reason);
  });
});

describe('a description', () => {
  it('can have lines, tabs, or nothing', () => {
    expect(textFault('One.\r\n\tTwo.\u2029Three.', DESCRIPTION_RULE)).toBeUndefined();
    expect(textFault('', DESCRIPTION_RULE)).toBeUndefined();
  });

  it.each(['\0', 'a\u0007', '\u202Eabc', 'x'.repeat(5_001)])('cannot be %j', (text) => {
    expect(textFault(text, DESCRIPTION_RULE)).toBeDefined();
  });
});
