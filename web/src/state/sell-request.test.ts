import { auctionRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, readSellForm, type SellForm } from './sell-request.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const form = (changes: Partial<SellForm>): SellForm => ({
  ...EMPTY_FORM,
  title: ' Tool chest ',
  startPrice: '25',
  ...changes,
});
const read = (changes: Partial<SellForm>) => readSellForm(form(changes), NOW, 'en-US');

describe('readSellForm', () => {
  it('makes the least request that works', () => {
    expect(read({})).toEqual({
      ok: true,
      request: {
        item: { title: 'Tool chest' },
        currency: 'USD',
        startPrice: 2_500,
        durationSeconds: 300,
      },
    });
  });

  it('makes requests that the gateway takes', () => {
    const reading = read({
      description: 'Old.',
      imageUrl: 'https://example.org/a.jpg',
      reservePrice: '40',
      buyNowPrice: '1,000',
      opensInSeconds: 30,
    });
    expect(reading.ok && auctionRequest.parse(reading.request)).toMatchObject({
      reservePrice: 4_000,
      buyNowPrice: 100_000,
      startsAt: '2026-11-21T12:00:30.000Z',
    });
  });

  it('counts in the minor units that the gateway counts in', () => {
    const reading = read({ currency: 'HUF', startPrice: '2000' });
    expect(reading.ok && auctionRequest.parse(reading.request)).toMatchObject({
      currency: 'HUF',
      startPrice: 200_000,
    });
  });

  it('shows how a sum can be read that is not clear', () => {
    const reading = read({ startPrice: '12.500' });
    expect(reading.ok ? undefined : reading.faults.startPrice).toContain('$12.50 or $12,500.00');
  });

  it('counts characters as the gateway does', () => {
    const title = '😀'.repeat(200);
    const reading = read({ title, description: '😀'.repeat(5_000) });
    expect(reading.ok && auctionRequest.parse(reading.request).item?.title).toBe(title);
  });

  it.each([
    [{ title: '  ' }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ title: '\u200B' }, 'title'],
    [{ description: 'x'.repeat(5_001) }, 'description'],
    [{ startPrice: '' }, 'startPrice'],
    [{ startPrice: '0' }, 'startPrice'],
    [{ reservePrice: 'much' }, 'reservePrice'],
    [{ reservePrice: '24.99' }, 'reservePrice'],
    [{ buyNowPrice: '24' }, 'buyNowPrice'],
    [{ reservePrice: '50', buyNowPrice: '49' }, 'buyNowPrice'],
    [{ imageUrl: 'javascript:alert(1)' }, 'imageUrl'],
    [{ imageUrl: 'a.jpg' }, 'imageUrl'],
  ])('finds the mistake in %j', (changes, field) => {
    const reading = read(changes);
    expect(reading.ok ? [] : Object.keys(reading.faults)).toEqual([field]);
  });
});
