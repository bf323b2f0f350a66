import { describe, expect, it } from 'vitest';
import { RequestAllowance } from './request-allowance.ts';

describe('RequestAllowance', () => {
  it('lets a client that comes back ask at once, and then so many a second', () => {
    const asks = new RequestAllowance(() => 0, 0);
    for (let i = 0; i < 200; i += 1) expect(asks.take(0)).toBeUndefined();
    expect(asks.take(0)).toEqual({ by: 'this connection', retryAfterMs: 20 });
    expect(asks.take(20)).toBeUndefined();
  });

  it('says when it is the address that asks too much, and asks for a pause worth it', () => {
    let waitMs = 1;
    const asks = new RequestAllowance(() => waitMs, 0);
    expect(asks.take(0)).toEqual({ by: 'its address', retryAfterMs: 1_000 });
    waitMs = 3_000;
    expect(asks.take(0)).toEqual({ by: 'its address', retryAfterMs: 3_000 });
    waitMs = 0;
    expect(asks.take(0)).toBeUndefined();
  });

  it('is over, once, for who does not wait', () => {
    const asks = new RequestAllowance(() => 0, 0);
    for (let i = 0; i < 50; i += 1) expect(asks.isToldTooOften(0)).toBe(false);
    expect(asks.isToldTooOften(20)).toBe(false);
    expect(asks.isToldTooOften(20)).toBe(true);
    expect(asks.isToldTooOften(20)).toBe(false);
  });
});
