import { describe, expect, it } from 'vitest';
import {
  archiveQuery,
  isNarrowed,
  lobbyAddress,
  readWish,
  sellerPath,
  toggled,
} from './lobby-wish.ts';

const wishOf = (query: string) => readWish('live', new URLSearchParams(query));

describe('the address', () => {
  it.each([
    '/',
    '/?q=brass+lamp&only=closing%2Cbuy-now&order=most_bids',
    '/?order=price_desc&currency=EUR&after=abc',
    '/?seller=sam&only=no-bids',
  ])('keeps all of a wish: %s', (address) => {
    expect(lobbyAddress(wishOf(address.slice(1)))).toBe(address);
  });

  it('may hold what nobody knows', () => {
    expect(wishOf('only=sold,nonsense&order=best&currency=US&color=red&seller=a%20b')).toEqual(
      wishOf(''),
    );
    // A currency without prices to compare would leave auctions out for no reason that is shown.
    expect(wishOf('currency=EUR')).toEqual(wishOf(''));
  });
});

it("leads to a seller's auctions", () => {
  expect(sellerPath('sam')).toBe('/?seller=sam');
  expect(isNarrowed(wishOf('seller=sam'))).toBe(true);
});

it('switches a filter on and off, and what contradicts it off', () => {
  const on = toggled(wishOf(''), 'closing');
  expect(isNarrowed(on)).toBe(true);
  expect(toggled(on, 'closing')).toEqual(wishOf(''));
  const sold = readWish('ended', new URLSearchParams('only=sold'));
  expect(toggled(sold, 'unsold').only).toEqual(['unsold']);
});

it('asks the archive for all of it', () => {
  const wish = wishOf(
    'q=lamp&seller=sam&only=closing,no-bids,buy-now&order=price_asc&currency=EUR&after=abc',
  );
  expect(archiveQuery(wish)).toEqual({
    status: 'live',
    q: 'lamp',
    seller: 'sam',
    endsWithin: 300,
    hasBids: false,
    buyNow: true,
    sort: 'price_asc',
    currency: 'EUR',
    cursor: 'abc',
  });
});
