import { describe, expect, test } from 'vitest';
import { auctionListQuery } from './api-schemas.ts';
import { historyListQuery } from './history-schemas.ts';
import { queryValues } from './query-strings.ts';

describe.each([
  ['auctions', auctionListQuery],
  ['history', historyListQuery],
])('a query of %s', (_list, schema) => {
  const isTaken = (query: string): boolean =>
    schema.safeParse(queryValues(`http://localhost/list?${query}`)).success;

  test.each(['', 'limit=1', 'limit=200', 'limit=010', 'status=live&limit=7'])('takes "%s"', (q) => {
    expect(isTaken(q)).toBe(true);
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=',
    'limit=0x10',
    'limit=1e2',
    'limit=%2050',
    'limit=1.0',
    'limit=5&limit=6',
    'status=live&status=ended',
    'colour=red',
    '__proto__=x',
    'constructor=x',
    'limit=5&__proto__=x&__proto__=y',
  ])('refuses "%s"', (query) => {
    expect(isTaken(query)).toBe(false);
  });

  test('has a page of 50 when no limit is given', () => {
    expect(schema.parse({}).limit).toBe(50);
  });
});
