import { describe, expect, test } from 'vitest';
import { EVENT_TYPES, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@outcry/shared/contracts/webhooks.ts';
import { TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { messagesOf, namesOf, typesFor, type ArchivedEvent } from './messages.ts';

const AUCTION = { id: 'a0-x', title: 'A lamp', sellerId: 'sam', currency: 'EUR' };
const ALL: ReadonlySet<WebhookEvent> = new Set(WEBHOOK_EVENTS);

/** The last of these entries as it is archived, after the one before it. */
function archived(...entries: readonly TestEntry[]): ArchivedEvent {
  const [before, event] = entries
    .flatMap(({ text }) => text.split('\n'))
    .slice(-2)
    .map((line) => splitEventLine(line));
  if (event === undefined || before === undefined) throw new Error('two events are needed');
  return { ...event, publicBefore: before.publicText, privateBefore: before.privateText };
}

interface Said {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const said = (
  event: ArchivedEvent,
  forAdmin = true,
  events: ReadonlySet<WebhookEvent> = ALL,
): Said[] =>
  messagesOf(event, AUCTION, { events, forAdmin }).map(
    ({ payload }) => JSON.parse(payload) as Said,
  );

const typesOf = (event: ArchivedEvent): string[] => said(event).map(({ type }) => type);

const auction = () => new TestAuction({ auctionId: 'a0-x', buyNowPrice: 9_000 });

describe('what follows from an event', () => {
  test('the first bid outbids nobody', () => {
    const of = auction();
    of.create();
    const event = archived(of.start(), of.bid('ann', { amount: 1_000 }));
    expect(typesOf(event)).toEqual(['bid.accepted']);
  });

  test('who raises the own bid outbids nobody, and who does not lead beats nobody', () => {
    const of = auction();
    const first = [of.create(), of.start(), of.bid('ann', { amount: 2_000 })].slice(-1);
    const raised = of.bid('ann', { amount: 3_000 });
    expect(typesOf(archived(...first, raised))).toEqual(['bid.accepted']);
    const own = of.bid('ann', { maxAmount: 8_000 });
    expect(typesOf(archived(raised, own))).toEqual([]);
    const beaten = of.bid('ben', { amount: 4_000 });
    expect(typesOf(archived(own, beaten))).toEqual(['bid.accepted']);
  });

  test('a removal while it is live says nothing; after the end it is another end, and perhaps a win', () => {
    const of = auction();
    const ann = [of.create(), of.start(), of.bid('ann', { maxAmount: 3_000 })].slice(-1);
    const ben = of.bid('ben', { maxAmount: 8_000 });
    const cid = of.bid('cid', { maxAmount: 2_000 + 3_000 });
    expect(typesOf(archived(cid, of.remove(3)))).toEqual([]);
    const end = of.end();
    const removed = archived(end, of.remove(2));
    expect(
      said(removed).map(({ type, data }) => [type, data['removed'] ?? data['bidder']]),
    ).toEqual([
      ['auction.ended', { alias: 2, reason: 'why' }],
      ['bidder.won', { alias: 1, userId: 'ann' }],
    ]);
    expect([...ann, ben]).toHaveLength(2);
  });

  test('a purchase is a bid, an end and a win', () => {
    const of = auction();
    of.create();
    const event = archived(of.start(), of.buyNow('ann'));
    expect(typesOf(event)).toEqual(['bid.accepted', 'auction.ended', 'bidder.won']);
    for (const { data, timestamp } of said(event)) {
      expect(data).toMatchObject({ auction: AUCTION, epoch: 1, seq: 3, state: { price: 9_000 } });
      expect(Date.parse(timestamp)).toBeGreaterThan(0);
    }
  });

  test('an end without a buyer is won by nobody', () => {
    const of = new TestAuction({ auctionId: 'a0-x', reservePrice: 5_000 });
    of.create();
    of.start();
    const event = archived(of.bid('ann', { amount: 1_000 }), of.end());
    expect(typesOf(event)).toEqual(['auction.ended']);
    expect(said(event)[0]?.data['state']).toMatchObject({ outcome: 'reserve_not_met' });
  });

  test('what was not asked for is not said', () => {
    const of = auction();
    of.create();
    const event = archived(of.start(), of.buyNow('ann'));
    expect(said(event, true, new Set(['bidder.won'])).map(({ type }) => type)).toEqual([
      'bidder.won',
    ]);
  });

  test('a winner whose private part was erased has no user id, and the rest is told', () => {
    const of = auction();
    of.create();
    const event = archived(of.start(), of.buyNow('ann'));
    const won = said({ ...event, privateText: null }).at(-1);
    expect(won?.data['bidder']).toEqual({ alias: 1 });
  });
});

test('every name is made of some event, and asks for that event', () => {
  for (const name of WEBHOOK_EVENTS) {
    const types = EVENT_TYPES.filter((type) =>
      namesOf(name === 'sale.ended' ? 's1-sale' : AUCTION.id, type).includes(name),
    );
    expect(types.length).toBeGreaterThan(0);
    expect(typesFor(new Set([name]))).toEqual(new Set(types));
  }
});

test('the end of a sale is told as such, and to nobody as that of an auction', () => {
  const sale = new TestSale('s0-lamps');
  sale.create();
  const shown = splitEventLine(sale.end().text);
  const event = { ...shown, publicBefore: null, privateBefore: null };
  const told = { id: 's0-lamps', title: 'Lamps', sellerId: 'sam', currency: 'EUR' };
  const listener = { events: ALL, forAdmin: true };
  const messages = messagesOf(event, told, listener);
  expect(messages.map(({ payload }) => JSON.parse(payload) as unknown)).toEqual([
    {
      type: 'sale.ended',
      timestamp: '2026-01-01T00:00:02.000Z',
      data: { sale: told, epoch: 1, seq: 2 },
    },
  ]);
  expect(namesOf('a0-lamp', 'ended')).not.toContain('sale.ended');
  expect(namesOf('b0-lamp', 'ended')).toEqual([]);
});
