import { describe, expect, it } from 'vitest';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { changesOf, EMPTY_SALE, fieldsOf, readSaleForm } from './sale-form-values.ts';

const SALE: SaleView = {
  id: 's0-lamps',
  sellerId: 'sam',
  title: 'Lamps',
  description: 'All of them.',
  currency: 'EUR',
  startsAt: '2030-01-06T12:00:30.000Z',
  firstLotEndsAt: '2030-01-06T18:00:30.000Z',
  staggerSeconds: 60,
  registration: 'open',
  defaultLimit: 50_000,
  softClose: { windowSeconds: 20, extendSeconds: 40 },
  graceSeconds: 60,
  status: 'scheduled',
  lots: [],
  endsAt: '2030-01-06T18:00:00.000Z',
  serverTime: '2030-01-05T18:00:00.000Z',
};

function read(changes: Partial<typeof EMPTY_SALE>) {
  const reading = readSaleForm({ ...fieldsOf(SALE), ...changes }, 'en');
  return 'request' in reading ? reading.request : reading.faults;
}

describe('the form of a sale', () => {
  it.each([
    [{ title: ' ' }, { title: 'The title is missing.' }],
    [{ firstLotEndsAt: '' }, { firstLotEndsAt: 'Say when the first lot ends.' }],
    [{ startsAt: '2031-01-01T00:00' }, { startsAt: 'It must start before its first lot ends.' }],
    [{ staggerSeconds: '3601' }, { staggerSeconds: 'Enter 0 to 3600 seconds.' }],
    [{ addedSeconds: '0' }, { addedSeconds: 'Enter 1 to 86400 seconds.' }],
    [{ graceSeconds: 'x' }, { graceSeconds: 'Enter 0 to 3600 seconds.' }],
  ])('%j is a mistake', (changes, faults) => {
    expect(read(changes)).toEqual(faults);
  });

  it('names a limit that is no sum', () => {
    expect(read({ defaultLimit: 'much' })).toHaveProperty('defaultLimit');
    expect(read({ defaultLimit: 'much', registration: 'none' })).toMatchObject({
      registration: 'none',
    });
  });

  it('asks for nothing that was left empty, and for no soft close at 0', () => {
    const request = read({ description: '', startsAt: '', defaultLimit: '', lateSeconds: '0' });
    expect(Object.keys(request)).not.toEqual(
      expect.arrayContaining(['description', 'startsAt', 'defaultLimit']),
    );
    expect(request).toMatchObject({ softClose: null });
  });
});

function edit(changes: Partial<typeof EMPTY_SALE>) {
  const before = readSaleForm(fieldsOf(SALE), 'en');
  const after = readSaleForm({ ...fieldsOf(SALE), ...changes }, 'en');
  if (!('request' in before && 'request' in after)) throw new Error('the form has mistakes');
  return changesOf(before.request, after.request);
}

describe('an edit', () => {
  it('asks for what was changed alone: seconds that no field shows stay', () => {
    expect(edit({})).toEqual({});
    expect(edit({ title: 'Lanterns' })).toEqual({ title: 'Lanterns' });
    expect(edit({ addedSeconds: '41' })).toEqual({
      softClose: { windowSeconds: 20, extendSeconds: 41 },
    });
  });

  it('takes away what is empty now', () => {
    expect(edit({ description: '', startsAt: '', registration: 'none' })).toEqual({
      description: null,
      startsAt: null,
      registration: 'none',
      defaultLimit: null,
    });
    expect(edit({ lateSeconds: '0' })).toEqual({ softClose: null });
  });
});
