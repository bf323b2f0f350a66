import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { Allowance } from './allowance.ts';
import { Outbox } from './outbox.ts';

const state: EventsMessage['state'] = {
  status: 'live',
  price: 1,
  minimumBid: 1,
  leader: 1,
  bidCount: 1,
  reserveMet: true,
  endsAt: '2030-01-01T00:00:00.000Z',
};

function message(auctionId: string, seq: number): EventsMessage {
  const event: PublicEvent = { epoch: 1, seq, type: 'bid', at: state.endsAt, state };
  return {
    auctionId,
    epoch: 1,
    seq,
    events: [event],
    state: { ...state, price: seq },
    serverTime: '',
  };
}

describe('Outbox', () => {
  it('joins what an auction says in one turn', async () => {
    const sent: EventsMessage[] = [];
    const outbox = new Outbox((each) => sent.push(each));
    for (const seq of [1, 2, 3]) outbox.add(message('a', seq));
    outbox.add(message('b', 7));
    expect(sent).toEqual([]);
    await setImmediate();
    expect(sent.map(({ auctionId, seq, events }) => [auctionId, seq, events.length])).toEqual([
      ['a', 3, 3],
      ['b', 7, 1],
    ]);
    expect(sent[0]?.state.price).toBe(3);
    outbox.add(message('a', 4));
    await setImmediate();
    expect(sent).toHaveLength(3);
  });

  it('sends at once before somebody joins', async () => {
    const sent: EventsMessage[] = [];
    const outbox = new Outbox((each) => sent.push(each));
    outbox.add(message('a', 1));
    outbox.flush('a');
    expect(sent).toHaveLength(1);
    outbox.flush('a');
    await setImmediate();
    expect(sent).toHaveLength(1);
  });
});

describe('Allowance', () => {
  it('lets a burst through and then so many a second', () => {
    const allowance = new Allowance(3, 10, 0);
    expect([1, 2, 3].map(() => allowance.take(0))).toEqual([0, 0, 0]);
    expect(allowance.take(0)).toBe(100);
    expect(allowance.take(100)).toBe(0);
    expect(allowance.take(150)).toBe(50);
    expect([1, 2, 3, 4].map(() => allowance.take(60_000) > 0)).toEqual([false, false, false, true]);
  });
});
