import { describe, expect, it } from 'vitest';
import { rowsCheck, rowsFault, untilComplete } from './archive-check.ts';

const rows = (count: number, different: number, lowest: number, highest: number) => ({
  auctionId: 'a0-x',
  count,
  different,
  lowest,
  highest,
});
const expected = [{ number: 7, auctionId: 'a0-x', events: 5 }];
const { signal } = new AbortController();

describe('rowsFault', () => {
  it('wants exactly 1 to N', () => {
    expect(rowsFault(rows(5, 5, 1, 5), 5)).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['a gap', rows(4, 4, 1, 5)],
    ['a row twice', rows(6, 5, 1, 5)],
    ['a row twice in place of another', rows(5, 4, 1, 5)],
    ['one too many', rows(6, 6, 1, 6)],
    ['the wrong start', rows(5, 5, 2, 6)],
  ])('names %s', (_name, found) => {
    expect(rowsFault(found, 5)).toBeDefined();
  });
});

describe('untilComplete', () => {
  it('asks again until everything is there', async () => {
    let asked = 0;
    const check = rowsCheck(() => Promise.resolve([rows((asked += 2), asked, 1, asked)]));
    const oddSized = [{ number: 7, auctionId: 'a0-x', events: 4 }];
    expect(await untilComplete(oddSized, check, 10_000, signal)).toEqual({
      complete: 1,
      events: 4,
      faults: [],
    });
    expect(asked).toBe(4);
  });

  it('says in the end what is missing, also when Postgres cannot be asked', async () => {
    const failing = rowsCheck(() => Promise.reject(new Error('it is away')));
    expect(await untilComplete(expected, failing, 0, signal)).toEqual({
      complete: 0,
      events: 0,
      faults: ['auction 7: Postgres: it is away'],
    });
  });
});
