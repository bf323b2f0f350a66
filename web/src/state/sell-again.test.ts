import { auctionRequest } from '@outcry/shared/contracts/api-schemas.ts';
import type { AuctionTerms, OwnAuction } from '@outcry/shared/contracts/history.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { describe, expect, it } from 'vitest';
import { formLike, relistRequest } from './sell-again.ts';
import { readSellForm } from './sell-request.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const HOUR_MS = 3_600_000;
const at = (ms: number): string => new Date(NOW + ms).toISOString();

const TERMS: AuctionTerms = {
  startPrice: 2_550,
  reservePrice: 4_000,
  buyNowPrice: 90_000,
  highestBid: 100_000,
  increments: [
    { from: 0, by: 100 },
    { from: 10_000, by: 250 },
  ],
  softClose: { windowSeconds: 60, extendSeconds: 120, hardEndsAt: at(2.5 * HOUR_MS) },
  graceSeconds: 0,
  startsAt: at(HOUR_MS),
  endsAt: at(2 * HOUR_MS),
};
const USUAL: AuctionTerms = {
  startPrice: 1_000,
  increments: DEFAULT_INCREMENTS,
  softClose: { windowSeconds: 30, extendSeconds: 30 },
  graceSeconds: 120,
  startsAt: at(-2 * HOUR_MS),
  endsAt: at(-HOUR_MS),
};

const auction = (terms: AuctionTerms): OwnAuction => ({
  id: 'a1',
  item: { id: 'i1', title: 'Lamp', description: 'Old.', imageUrl: 'https://x.test/a.png' },
  sellerId: 'sam',
  currency: 'USD',
  status: 'scheduled',
  price: terms.startPrice,
  minimumBid: terms.startPrice,
  leader: null,
  bidCount: 0,
  reserveMet: true,
  startsAt: terms.startsAt,
  endsAt: terms.endsAt,
  epoch: 1,
  seq: 1,
  archivedSeq: 1,
  sealedAt: null,
  terms,
});

const asked = (terms: AuctionTerms, keepsTimes: boolean) => {
  const form = formLike(auction(terms), terms, NOW, keepsTimes);
  const reading = readSellForm(form, NOW);
  return reading.ok ? auctionRequest.parse(reading.request) : reading.faults;
};

describe('a form like an auction', () => {
  it('asks for the same again', () => {
    const { startsAt, endsAt, ...others } = TERMS;
    expect(asked(TERMS, true)).toEqual({
      item: { title: 'Lamp', description: 'Old.', imageUrl: 'https://x.test/a.png' },
      currency: 'USD',
      ...others,
      startsAt,
      endsAt,
    });
  });

  it('opens at once and lasts as long, where it does not keep the times', () => {
    const request = asked(TERMS, false);
    expect(request).not.toHaveProperty('startsAt');
    expect(request).toMatchObject({
      durationSeconds: 3_600,
      softClose: { hardEndsAt: at(1.5 * HOUR_MS) },
    });
  });

  it('leaves out what is usual', () => {
    expect(asked(USUAL, false)).toEqual({
      item: { title: 'Lamp', description: 'Old.', imageUrl: 'https://x.test/a.png' },
      currency: 'USD',
      startPrice: 1_000,
      durationSeconds: 3_600,
    });
    const odd = { ...USUAL, endsAt: at(-HOUR_MS / 2) };
    expect(asked(odd, false)).toMatchObject({ endsAt: at(1.5 * HOUR_MS) });
  });
});

describe('relisting', () => {
  it('keeps the terms, from now on', () => {
    const { startsAt: _starts, endsAt: _ends, ...others } = TERMS;
    const request = relistRequest(auction(TERMS), TERMS, NOW);
    expect(request).toEqual({
      currency: 'USD',
      ...others,
      durationSeconds: 3_600,
      softClose: { windowSeconds: 60, extendSeconds: 120, hardEndsAt: at(1.5 * HOUR_MS) },
    });
    expect(auctionRequest.safeParse({ ...request, itemId: 'i1' }).success).toBe(true);
  });
});
