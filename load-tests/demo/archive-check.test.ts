import { expect, it } from 'vitest';
import { rowsCheck, untilComplete } from './verdict.ts';

const expected = [{ number: 7, auctionId: 'a0-x', epoch: 1, seq: 5, acceptedSeqs: [3, 4] }];
const { signal } = new AbortController();

const missing = (): Promise<Map<string, string>> =>
  Promise.resolve(new Map([['a0-x', 'a0-x seq 5 is not in Postgres']]));

it('asks again until everything is there', async () => {
  let asked = 0;
  const check = (): Promise<Map<string, string>> => {
    asked += 1;
    return asked < 3 ? missing() : Promise.resolve(new Map<string, string>());
  };
  expect(await untilComplete(expected, check, { withinMs: 10_000, signal })).toEqual({
    complete: 1,
    events: 5,
    faults: [],
  });
  expect(asked).toBe(3);
});

it('says in the end what is missing', async () => {
  expect(await untilComplete(expected, missing, { withinMs: 0, signal })).toEqual({
    complete: 0,
    events: 0,
    faults: ['auction 7: a0-x seq 5 is not in Postgres'],
  });
});

it('says so when Postgres cannot be asked', async () => {
  const { faults } = await untilComplete(
    expected,
    rowsCheck('postgres://nobody@127.0.0.1:1/none'),
    { withinMs: 0, signal },
  );
  expect(faults).toEqual([expect.stringContaining('auction 7: Postgres: ')]);
});
