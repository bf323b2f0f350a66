import { describe, expect, test } from 'vitest';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import type { TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { decodeEntry, UndecodableError } from './decode-entry.ts';

const decode = ({ subject, text }: Pick<TestEntry, 'subject' | 'text'>) =>
  decodeEntry(subject, Buffer.from(text));

const newSale = () => new TestSale('s0-bad');
const text = (entry: TestEntry, from: string, to: string) => ({
  subject: entry.subject,
  text: entry.text.replace(from, () => to),
});

describe('a book', () => {
  test('of a sale gives its terms and registrations, and no auction', () => {
    const sale = new TestSale('s0-lamps', { defaultLimit: 5_000 });
    const entries = [
      sale.create(),
      sale.register('ann', 1, 5_000),
      sale.admit('ann', 1, 'approved', 9_000),
      sale.edit({ title: 'Lamps', startsAt: '2026-01-01T12:00:00Z' }),
      sale.start(),
      sale.write('paused', { userId: 'admin' }, { status: 'paused', reason: 'A fire drill.' }),
      sale.write('resumed', { userId: 'admin' }, { status: 'live', reason: 'Over.' }),
      sale.end(),
      sale.restart(),
    ];
    const rows = entries.flatMap(decode);
    expect(
      rows.map(({ seq, type, userId, alias, state: { status } }) => [
        seq,
        type,
        userId,
        alias,
        status,
      ]),
    ).toEqual([
      [1, 'scheduled', 'seller-1', undefined, 'scheduled'],
      [2, 'registered', 'ann', 1, 'scheduled'],
      [3, 'admitted', 'seller-1', 1, 'scheduled'],
      [4, 'edited', 'seller-1', undefined, 'scheduled'],
      [5, 'started', undefined, undefined, 'live'],
      [6, 'paused', 'admin', undefined, 'paused'],
      [7, 'resumed', 'admin', undefined, 'live'],
      [8, 'ended', undefined, undefined, 'ended'],
      [9, 'epoch', undefined, undefined, 'ended'],
    ]);
    expect(rows[0]?.sale).toEqual(sale.terms);
    expect(rows[3]?.sale).toMatchObject({ title: 'Lamps', startsAt: '2026-01-01T12:00:00.000Z' });
    expect(
      rows.map(({ registration }) => registration).filter((each) => each !== undefined),
    ).toEqual([
      { paddle: 1, bidderId: 'ann', status: 'pending', limit: 5_000 },
      { paddle: 1, bidderId: 'ann', status: 'approved', limit: 9_000 },
    ]);
    expect(rows[8]).toMatchObject({ epoch: 2, parent: 1, fork: 8 });
    expect(rows.every(({ terms, state }) => terms === undefined && state.price === undefined)).toBe(
      true,
    );
  });

  test('of absentee bids begins with the first of them', () => {
    const book = new TestBook('b0-lamp');
    const left = { userId: 'ann', bidId: 'b-1', maxAmount: 700 };
    const entries = [
      book.write('left', left),
      book.write('withdrawn', { userId: 'ann' }),
      book.write('left', { ...left, bidId: 'b-2' }),
      book.write('closed', {}, { status: 'ended' }),
    ];
    expect(entries.flatMap(decode).map(({ type, userId, bidId }) => [type, userId, bidId])).toEqual(
      [
        ['left', 'ann', 'b-1'],
        ['withdrawn', 'ann', undefined],
        ['left', 'ann', 'b-2'],
        ['closed', undefined, undefined],
      ],
    );
  });

  test.each([
    [
      'a type of another kind of book',
      () => newSale().write('left', { userId: 'ann' }),
      'no event of such',
    ],
    ['a sale that does not begin', () => newSale().start(), 'seq 1'],
    [
      'absentee bids that begin otherwise',
      () => new TestBook('b0-x').write('withdrawn', {}),
      'seq 1',
    ],
    [
      'a bid in a book',
      () => text(newSale().create(), '"type":"scheduled"', '"type":"bid"'),
      'public.type',
    ],
    ['no status', () => text(newSale().create(), '"status":"scheduled"', '"x":1'), 'public.status'],
    ['an end that is none', () => new TestBook('b0-x').write('closed', {}), 'and not over'],
    ['a command of nobody', () => text(newSale().create(), '"userId"', '"x"'), 'private.userId'],
    ['no terms', () => text(newSale().create(), '"sale"', '"x"'), 'private.sale'],
    [
      'terms of another',
      () => text(newSale().create(), '"sale":{"id":"s0-bad"', '"sale":{"id":"s0-x"'),
      'another sale',
    ],
    ['a wrong currency', () => text(newSale().create(), '"EUR"', '"eur"'), 'currency'],
    [
      'a wrong time',
      () => text(newSale().create(), '2026-01-02T00', '2026-13-02T00'),
      'firstLotEndsAt',
    ],
    [
      'an absentee bid of nothing',
      () => new TestBook('b0-x').write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 0 }),
      'private.maxAmount',
    ],
  ])('refuses %s', (_name, entry, reason) => {
    expect(() => decode(entry())).toThrow(UndecodableError);
    expect(() => decode(entry())).toThrow(reason);
  });

  test.each([
    ['a paddle below 1', { paddle: 0 }],
    ['a status that nobody is given', { status: 'pending' as const }],
    ['a negative limit', { limit: -1 }],
    ['a bidder without a name', { bidder: '' }],
  ])('refuses a decision with %s', (_name, wrong) => {
    const book = newSale();
    book.create();
    const facts = { userId: 's', bidder: 'ann', paddle: 1, status: 'approved' as const, limit: 0 };
    expect(decode(book.write('admitted', facts))).toHaveLength(1);
    expect(() => decode(book.write('admitted', { ...facts, ...wrong }))).toThrow(UndecodableError);
  });
});
