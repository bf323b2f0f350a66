import { describe, expect, test } from 'vitest';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { decodeEntry, UndecodableError } from './decode-entry.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const auction = () =>
  new TestAuction({ auctionId: 'a3-decode', buyNowPrice: 90_000, itemTitle: 'Lamp "α"' });

describe('a valid entry', () => {
  test('gives one row an event, with the bytes as they came', () => {
    const played = auction();
    const { text, subject } = played.create();
    const [row, ...others] = decodeEntry(subject, bytes(text));
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      auctionId: 'a3-decode',
      epoch: 1,
      seq: 1,
      type: 'scheduled',
      userId: 'seller-1',
      line: text,
      state: { status: 'scheduled', price: 1_000, leader: undefined, bidCount: 0 },
      terms: { itemId: 'i3-decode', title: 'Lamp "α"', currency: 'EUR', buyNowPrice: 90_000 },
    });
    expect(
      `{"v":1,"auctionId":"a3-decode","public":${row?.publicText},"salt":"${row?.salt}","private":${row?.privateText}}`,
    ).toBe(text);
  });

  test('of several bids gives who bid what, and the secret leader', () => {
    const played = auction();
    played.create();
    played.start();
    const { text, subject } = played.bids([
      { userId: 'ann', maxAmount: 5_000 },
      { userId: 'bob', amount: 1_050 },
    ]);
    const rows = decodeEntry(subject, bytes(text));
    expect(rows.map(({ seq, userId, alias, amount }) => [seq, userId, alias, amount])).toEqual([
      [3, 'ann', 1, 1_000],
      [4, 'bob', 2, 1_050],
    ]);
    expect(rows[1]?.state).toMatchObject({ leader: 1, leaderId: 'ann', price: 1_100 });
  });

  test.each([
    ['a silent raise', (a: TestAuction) => a.bid('ann', { maxAmount: 9_000 }), 'no_change'],
    ['the end', (a: TestAuction) => a.end(), 'ended'],
    ['a new epoch', (a: TestAuction) => a.restart(), 'epoch'],
  ])('%s is stored without a public amount', (_name, play, type) => {
    const played = auction();
    played.create();
    played.start();
    played.bid('ann', { maxAmount: 5_000 });
    const { text, subject } = play(played);
    const [row] = decodeEntry(subject, bytes(text));
    expect(row).toMatchObject({ type, amount: undefined });
  });

  test('a title with what Postgres cannot hold is stored readably', () => {
    const { text, subject } = auction().create();
    const odd = text.replace('Lamp \\"α\\"', 'a\\u0000b\\ud800c');
    const [row] = decodeEntry(subject, bytes(odd));
    expect(row?.terms?.title).toBe('a\uFFFDb\uFFFDc');
    expect(row?.line).toBe(odd);
  });
});

describe('an entry that can never be stored', () => {
  const played = auction();
  const created = played.create();
  played.start();
  const bid = played.bid('ann', { amount: 1_200 });
  const epoch = played.restart();

  test.each([
    ['no event line', created.subject, 'hello'],
    ['an empty body', created.subject, ''],
    ['a bad line after a good one', bid.subject, `${bid.text}\n{}`],
    ["another auction's subject", 'outcry.v1.events.0.a0-other', bid.text],
    ['broken JSON', bid.subject, bid.text.replace('"seq":3', '"seq":3,')],
    ['an unknown type', bid.subject, bid.text.replace('"type":"bid"', '"type":"bidd"')],
    ['seq 0', bid.subject, bid.text.replace('"seq":3', '"seq":0')],
    ['a seq beyond 2^53', bid.subject, bid.text.replace('"seq":3', '"seq":9007199254740993')],
    ['a fraction of a cent', bid.subject, bid.text.replace('"price":1200', '"price":1200.5')],
    ['a price of 0', bid.subject, bid.text.replace('"price":1200', '"price":0')],
    ['no bid member', bid.subject, bid.text.replace('"bid":', '"did":')],
    ['no user', bid.subject, bid.text.replace('"userId":', '"uzerId":')],
    ['a user id with a space', bid.subject, bid.text.replace('"userId":"ann"', '"userId":"a n"')],
    ['a leader without bids', bid.subject, bid.text.replace('"bidCount":1', '"bidCount":0')],
    ['a time of another form', bid.subject, bid.text.replace(/"at":"[^"]*"/, '"at":"2026-01-01"')],
    ['a short salt', bid.subject, bid.text.replace(/"salt":"../, '"salt":"')],
    ['the first event elsewhere', created.subject, created.text.replace('"seq":1', '"seq":2')],
    ['an epoch off its fork', epoch.subject, epoch.text.replace('"fork":3', '"fork":1')],
    [
      'an epoch that is its own parent',
      epoch.subject,
      epoch.text.replace('"parent":1', '"parent":2'),
    ],
    ['an epoch 1 that forks', epoch.subject, epoch.text.replace('"epoch":2', '"epoch":1')],
  ])('%s', (_name, subject, text) => {
    expect(() => decodeEntry(subject, bytes(text))).toThrow(UndecodableError);
  });

  test('bytes that are not UTF-8', () => {
    expect(() => decodeEntry(bid.subject, Uint8Array.of(0xff, 0xfe))).toThrow(UndecodableError);
  });

  test('the reason names the member and repeats no value', () => {
    const text = bid.text.replace('"amount":1200', '"amount":"secret"');
    expect(() => decodeEntry(bid.subject, bytes(text))).toThrow(
      '"public.bid.amount" must be an integer from 1 to 1000000000000',
    );
  });
});
