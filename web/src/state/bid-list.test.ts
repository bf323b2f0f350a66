import fc from 'fast-check';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import { describe, expect, it } from 'vitest';
import {
  bidsOfArchive,
  bidsOfEvents,
  MAX_BIDS,
  mergeBids,
  missingBids,
  type BidEntry,
} from './bid-list.ts';

const bid = (epoch: number, seq: number, more: Partial<BidEntry> = {}): BidEntry => ({
  epoch,
  seq,
  atMs: seq * 1_000,
  alias: 1,
  amount: seq * 100,
  ...more,
});

const places = (list: readonly BidEntry[]): string[] =>
  list.map(({ epoch, seq }) => `${epoch}:${seq}`);

describe('mergeBids', () => {
  it('puts late and overlapping bids where they belong, each once', () => {
    const live = mergeBids([], [bid(1, 5), bid(1, 6)]);
    const merged = mergeBids(live, [bid(1, 3), bid(1, 5), bid(1, 4)]);
    expect(places(merged)).toEqual(['1:3', '1:4', '1:5', '1:6']);
  });

  it('keeps what only the live event knew, whichever came first', () => {
    const live = bid(1, 5, { after: { price: 550, leader: 2 } });
    expect(mergeBids([live], [bid(1, 5), bid(1, 4)]).at(-1)).toEqual(live);
    expect(mergeBids([bid(1, 5)], [live, bid(1, 4)]).at(-1)).toEqual(live);
    expect(mergeBids([bid(1, 5)], [live]).at(-1)).toEqual(live);
  });

  it('drops what an older epoch wrote at or after the first bid known of a newer one', () => {
    const known = [bid(1, 3), bid(1, 4), bid(1, 5), bid(1, 6)];
    expect(places(mergeBids(known, [bid(2, 5)]))).toEqual(['1:3', '1:4', '2:5']);
    expect(places(mergeBids([bid(2, 5)], known))).toEqual(['1:3', '1:4', '2:5']);
  });

  it('drops what lies behind a fork before the new epoch has a bid', () => {
    const known = [bid(1, 3), bid(1, 4), bid(1, 5)];
    expect(places(mergeBids(known, [], [{ epoch: 2, seq: 4 }]))).toEqual(['1:3']);
  });

  it('does not take a late bid of an epoch that was over', () => {
    const known = [bid(1, 3)];
    expect(places(mergeBids(known, [bid(1, 5)], [{ epoch: 2, seq: 5 }]))).toEqual(['1:3']);
  });

  it('lets the lowest of several forks count for the epochs before it', () => {
    const known = [bid(1, 3), bid(1, 9), bid(2, 6), bid(2, 8), bid(3, 7)];
    expect(places(mergeBids([], known))).toEqual(['1:3', '2:6', '3:7']);
  });

  it('keeps the newest when there are too many', () => {
    const many = Array.from({ length: MAX_BIDS }, (_, i) => bid(1, i + 1));
    const merged = mergeBids(many, [bid(1, MAX_BIDS + 1)]);
    expect(merged).toHaveLength(MAX_BIDS);
    expect(merged[0]?.seq).toBe(2);
  });

  it('gives the same list in whatever order and pieces the bids arrive', () => {
    const anyBid = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 }))
      .map(([epoch, seq]) => bid(epoch, seq));
    fc.assert(
      fc.property(fc.array(anyBid, { maxLength: 20 }), fc.integer(), (bids, cut) => {
        const atOnce = mergeBids([], bids);
        const at = Math.abs(cut) % (bids.length + 1);
        const inPieces = mergeBids(mergeBids([], bids.slice(at)), bids.slice(0, at));
        expect(places(inPieces)).toEqual(places(atOnce));
        const oneByOne = bids.reduce<readonly BidEntry[]>(
          (list, one) => mergeBids(list, [one]),
          [],
        );
        expect(places(oneByOne)).toEqual(places(atOnce));
      }),
    );
  });
});

describe('bidsOfEvents', () => {
  const state = {
    status: 'live',
    price: 500,
    minimumBid: 550,
    leader: 2,
    bidCount: 3,
    reserveMet: true,
    endsAt: '2026-11-21T12:00:00.000Z',
  } as const;
  const at = '2026-11-21T11:00:00.000Z';
  const event = (type: PublicEvent['type'], seq: number): PublicEvent => ({
    epoch: 1,
    seq,
    type,
    at,
    state,
    ...(type === 'bid' || type === 'bought' ? { bid: { alias: 1, amount: 450 } } : {}),
  });

  it('takes bids and purchases with what came of them, and nothing else', () => {
    const events = [
      event('started', 2),
      event('bid', 3),
      event('no_change', 4),
      event('bought', 5),
    ];
    expect(bidsOfEvents(events)).toEqual(
      [3, 5].map((seq) => ({
        epoch: 1,
        seq,
        atMs: Date.parse(at),
        alias: 1,
        amount: 450,
        after: { price: 500, leader: 2 },
      })),
    );
  });

  it('agrees with the archive about the same bid', () => {
    const [live] = bidsOfEvents([event('bid', 3)]);
    const [archived] = bidsOfArchive([{ epoch: 1, seq: 3, at, alias: 1, amount: 450 }]);
    expect(live).toMatchObject(archived ?? {});
  });
});

it('counts as missing only what the list could hold', () => {
  const list = [bid(1, 2), bid(1, 3)];
  expect(missingBids(list, 2)).toBe(0);
  expect(missingBids(list, 7)).toBe(5);
  expect(missingBids(list, 1)).toBe(0);
  expect(missingBids([], MAX_BIDS + 500)).toBe(MAX_BIDS);
});
