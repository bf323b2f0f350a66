/** A worker that commits and then fails to acknowledge, made of the real parts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { startBareArchive } from '../testing/bare-archive.ts';
import { TestSystem } from '../testing/test-system.ts';
import type { Delivery, EventSource, StoredBatch } from './ports.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

/** Gives every delivery back once, after its commit, instead of acknowledging it. */
function losingFirstAcks(source: EventSource): EventSource {
  const lost = new Set<string>();
  return {
    next: async () =>
      (await source.next()).map((delivery): Delivery => {
        const key = Buffer.from(delivery.body).toString();
        return {
          subject: delivery.subject,
          body: delivery.body,
          ack: () => {
            if (lost.has(key)) return delivery.ack();
            lost.add(key);
            delivery.nak();
          },
          nak: () => delivery.nak(),
        };
      }),
    stop: () => source.stop(),
  };
}

test('events whose acknowledgement is lost after the commit are stored once', async () => {
  const total = { fresh: 0, duplicates: 0 };
  const figures = {
    committed: ({ fresh, duplicates }: StoredBatch) => {
      total.fresh += fresh;
      total.duplicates += duplicates;
    },
    retried: () => undefined,
  };
  startBareArchive(system, { figures, through: losingFirstAcks });

  const auction = new TestAuction({ auctionId: 'a0-again' });
  const entries = auction.opening(200);
  await system.publish(entries);
  await system.allAcknowledged();
  expect(total).toEqual({ fresh: 202, duplicates: 202 });
  expect(await system.storedLines(auction.auctionId)).toEqual(entries.map(({ text }) => text));
});
