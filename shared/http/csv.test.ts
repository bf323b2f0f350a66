import { describe, expect, it } from 'vitest';
import { cellText, csvText, decimalText } from './csv.ts';
import { prefersCsv } from './report.ts';

describe('an amount', () => {
  it.each([
    [1_050, 'EUR', '10.50'],
    [5, 'EUR', '0.05'],
    [1_000_000_000_000, 'USD', '10000000000.00'],
    [1_050, 'JPY', '1050'],
    [1_050, 'TND', '1.050'],
  ])('%i %s is %s', (amount, currency, text) => {
    expect(decimalText(amount, currency)).toBe(text);
  });
});

describe('a text', () => {
  it.each([
    '=1+1',
    '+49 30 1',
    '-2',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\uFF1D1',
    '\uFF0B1',
    '\uFF0D1',
    '\uFF201',
  ])('%j begins no formula', (text) => {
    expect(cellText(text)).toBe(`"'${text}"`);
  });

  it('stays one cell, whatever is in it', () => {
    expect(cellText('a "b", c\r\n=d')).toBe('"a ""b"", c\r\n=d"');
  });
});

it('is written with a head line, numbers as they are', async () => {
  const lists = (async function* () {
    yield* [[{ title: 'Lamp', price: 1_050, bids: 3, isOpen: true, currency: 'EUR' }], []];
  })();
  let text = '';
  const columns = ['title', 'price', 'bids', 'isOpen', 'currency'] as const;
  for await (const piece of csvText({ columns, money: ['price'] }, lists)) text += piece;
  expect(text).toBe('\uFEFFtitle,price,bids,isOpen,currency\r\n"Lamp",10.50,3,true,"EUR"\r\n');
});

it.each([
  ['text/csv', true],
  ['text/csv, */*;q=0.1', true],
  ['application/json;q=0.5, text/csv', true],
  ['text/csv;q=0', false],
  ['text/csv;q=0.5, application/json', false],
  ['application/json', false],
  ['*/*', false],
  ['', false],
])('Accept: %s prefers CSV: %s', (accept, isCsv) => {
  expect(prefersCsv(accept)).toBe(isCsv);
});
