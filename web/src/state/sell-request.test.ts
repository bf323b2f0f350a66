import { auctionRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { describe, expect, it } from 'vitest';
import { AT_A_DATE, EMPTY_FORM, type SellForm } from './sell-form.ts';
import { readSellForm } from './sell-request.ts';

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

  it('takes dates, a soft close, increments, a highest bid and a grace of their own', () => {
    const reading = read({
      opensInSeconds: AT_A_DATE,
      opensAt: '2026-11-22T10:00',
      durationSeconds: AT_A_DATE,
      endsAt: '2026-11-23T10:00',
      lateSeconds: '60',
      addedSeconds: '120',
      mostMinutes: '10',
      increments: '0: 1\n\n 100: 2.50 ',
      highestBid: '5,000',
      graceSeconds: '0',
    });
    const opensAtMs = new Date(2026, 10, 22, 10).getTime();
    const endsAtMs = new Date(2026, 10, 23, 10).getTime();
    expect(reading.ok && auctionRequest.parse(reading.request)).toMatchObject({
      startsAt: new Date(opensAtMs).toISOString(),
      endsAt: new Date(endsAtMs).toISOString(),
      softClose: {
        windowSeconds: 60,
        extendSeconds: 120,
        hardEndsAt: new Date(endsAtMs + 600_000).toISOString(),
      },
      increments: [
        { from: 0, by: 100 },
        { from: 10_000, by: 250 },
      ],
      highestBid: 500_000,
      graceSeconds: 0,
    });
  });

  it('takes a soft close away', () => {
    const reading = read({ lateSeconds: '0', addedSeconds: 'x' });
    expect(reading.ok && reading.request.softClose).toBeNull();
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
    [{ opensInSeconds: AT_A_DATE }, 'opensAt'],
    [{ opensInSeconds: AT_A_DATE, opensAt: '2026-11-20T10:00' }, 'opensAt'],
    [{ durationSeconds: AT_A_DATE }, 'endsAt'],
    [{ durationSeconds: AT_A_DATE, endsAt: '2026-11-20T10:00' }, 'endsAt'],
    [{ durationSeconds: AT_A_DATE, endsAt: '2028-11-20T10:00' }, 'endsAt'],
    [{ opensInSeconds: AT_A_DATE, opensAt: '2028-11-20T10:00' }, 'opensAt'],
    [{ lateSeconds: '86401' }, 'lateSeconds'],
    [{ addedSeconds: '' }, 'addedSeconds'],
    [{ mostMinutes: '1.5' }, 'mostMinutes'],
    [{ increments: '0 5' }, 'increments'],
    [{ increments: '1: 5' }, 'increments'],
    [{ increments: '0: 5\n0: 6' }, 'increments'],
    [{ highestBid: '24' }, 'highestBid'],
    [{ graceSeconds: '3601' }, 'graceSeconds'],
  ])('finds the mistake in %j', (changes, field) => {
    const reading = read(changes);
    expect(reading.ok ? [] : Object.keys(reading.faults)).toEqual([field]);
  });
});
