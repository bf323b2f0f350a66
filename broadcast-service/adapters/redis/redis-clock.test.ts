import { beforeEach, describe, expect, it } from 'vitest';
import { RedisClock } from './redis-clock.ts';

const REDIS_AHEAD_MS = 1_700_000_000_000;

let steady = 0;
let clock: RedisClock;

/** Redis answers after `outMs`; the answer is handled `backMs` later. */
const roundTrip = (outMs: number, backMs: number) => (): Promise<number> => {
  steady += outMs;
  const redisTime = steady + REDIS_AHEAD_MS;
  steady += backMs;
  return Promise.resolve(redisTime);
};

/** The next answers, one after the other; the last one stays. */
const inTurn = (...asks: (() => Promise<number>)[]) => {
  return (): Promise<number> =>
    (asks.length > 1 ? asks.shift() : asks[0])?.() ?? Promise.reject(new Error('no more'));
};

const isOff = (): number => clock.now() - (steady + REDIS_AHEAD_MS);

beforeEach(() => {
  steady = 1_000;
  clock = new RedisClock(() => steady);
});

describe('RedisClock', () => {
  it("is this machine's clock until the first reading", () => {
    expect(Math.abs(new RedisClock().now() - Date.now())).toBeLessThan(1_000);
    expect(clock.errorMs).toBe(Infinity);
  });

  it('stays within half a round trip, whichever way was slow', async () => {
    await clock.read(roundTrip(10, 0));
    expect(isOff()).toBe(5);
    expect(clock.errorMs).toBe(5);
  });

  it('reads again at once when the answer was handled late', async () => {
    await clock.read(inTurn(roundTrip(0, 2_000), roundTrip(30, 30), roundTrip(1, 1)));
    expect(isOff()).toBe(0);
    expect(clock.errorMs).toBe(1);
  });

  it('gives up repeating when every answer is late, and keeps the best', async () => {
    await clock.read(inTurn(roundTrip(0, 2_000), roundTrip(0, 100), roundTrip(0, 900)));
    expect(isOff()).toBe(-50);
  });

  it('keeps a good reading for long against late answers', async () => {
    await clock.read(roundTrip(1, 1));
    steady += 60_000;
    await clock.read(roundTrip(0, 2_000));
    expect(isOff()).toBe(0);
  });

  it('follows a clock that was set, from the second reading on', async () => {
    await clock.read(roundTrip(1, 1));
    steady += 5_000;
    await clock.read(async () => (await roundTrip(1, 1)()) + 3_000);
    expect(isOff()).toBe(3_000);
  });

  it('stays as it is without an answer', async () => {
    await clock.read(roundTrip(1, 1));
    await clock.read(() => Promise.resolve(undefined));
    expect(isOff()).toBe(0);
  });
});
