import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuctionCommand, AuctionHead, DecidedBatch } from './auction-commands.ts';
import { RecentHeads } from './recent-heads.ts';

const HEAD: AuctionHead = {
  status: 'live',
  minimumBid: 1_000,
  endsAt: 60_000,
  leader: 'ann',
  sellerId: 'sam',
};
const batch = (head: Partial<AuctionHead>): DecidedBatch => ({
  now: 1_000,
  entry: undefined,
  head: { ...HEAD, ...head },
  terms: '',
  answers: [],
});
const bid = (change: Partial<AuctionCommand> = {}): AuctionCommand => ({
  kind: 'bid',
  userId: 'bob',
  admin: false,
  amount: 999,
  maxAmount: 0,
  key: '',
  fingerprint: '',
  ...change,
});

describe('a local refusal', () => {
  let heads: RecentHeads;
  beforeEach(() => {
    vi.useFakeTimers();
    heads = new RecentHeads();
    heads.note('a0-x', batch({}), monotonicNow());
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is given for a bid below the minimum', () => {
    expect(heads.tooLow('a0-x', bid())).toBe(1_000);
    expect(heads.tooLow('a0-x', bid({ amount: 0, maxAmount: 999 }))).toBe(1_000);
  });

  test('is not given for the minimum itself, or for another auction', () => {
    expect(heads.tooLow('a0-x', bid({ amount: 1_000 }))).toBeUndefined();
    expect(heads.tooLow('a0-y', bid())).toBeUndefined();
  });

  test('is never given with a key, to the leader, to the seller, or for other commands', () => {
    expect(heads.tooLow('a0-x', bid({ key: 'k' }))).toBeUndefined();
    expect(heads.tooLow('a0-x', bid({ userId: 'ann' }))).toBeUndefined();
    expect(heads.tooLow('a0-x', bid({ userId: 'sam' }))).toBeUndefined();
    expect(heads.tooLow('a0-x', bid({ kind: 'buy' }))).toBeUndefined();
  });

  test('rests on a reply at most 1 s old', () => {
    vi.advanceTimersByTime(1_000);
    expect(heads.tooLow('a0-x', bid())).toBe(1_000);
    vi.advanceTimersByTime(1);
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
  });

  test('counts the second from the question on, however late the reply came', () => {
    const askedAt = monotonicNow();
    vi.advanceTimersByTime(900);
    heads.note('a0-x', batch({}), askedAt);
    vi.advanceTimersByTime(100);
    expect(heads.tooLow('a0-x', bid())).toBe(1_000);
    vi.advanceTimersByTime(1);
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
  });

  test('rests on the call that was made last, whichever answer becomes known first', () => {
    const askedAt = monotonicNow() + 1;
    heads.note('a0-x', batch({ minimumBid: 500 }), askedAt);
    heads.note('a0-x', batch({ minimumBid: 1_000 }), askedAt - 1);
    expect(heads.tooLow('a0-x', bid({ amount: 700 }))).toBeUndefined();
  });

  test('does not heed a step of the wall clock', () => {
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(1_001);
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
  });

  test('says null where nobody can go higher', () => {
    heads.note('a0-x', batch({ minimumBid: null }), monotonicNow());
    expect(heads.tooLow('a0-x', bid({ amount: 1_000_000_000_000 }))).toBeNull();
  });

  test('is not given from the end on, nor when the auction is not live', () => {
    heads.note('a0-x', batch({ endsAt: 1_500 }), monotonicNow());
    vi.advanceTimersByTime(499);
    expect(heads.tooLow('a0-x', bid())).toBe(1_000);
    vi.advanceTimersByTime(1);
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
    heads.note('a0-x', batch({ status: 'scheduled' }), monotonicNow());
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
  });

  test('is not given after the connection was lost', () => {
    heads.forget();
    expect(heads.tooLow('a0-x', bid())).toBeUndefined();
  });
});
