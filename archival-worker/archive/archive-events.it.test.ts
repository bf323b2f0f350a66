import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { seeded, shuffled } from '@outcry/shared/testing/seeded.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, workerFigure } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

let auctions = 0;
const newAuction = (): TestAuction => {
  auctions += 1;
  return new TestAuction({ auctionId: `a${auctions % 4}-archive${auctions}`, stepMs: 10 });
};

const linesOf = (entries: readonly TestEntry[]): string[] =>
  entries.flatMap(({ text }) => text.split('\n'));

async function projected(auctionId: string) {
  const [row] = await system.sql`SELECT * FROM auctions WHERE id = ${auctionId}`;
  return {
    position: [Number(row?.['epoch']), Number(row?.['seq'])],
    archived: [Number(row?.['archived_epoch']), Number(row?.['archived_seq'])],
    price: Number(row?.['price']),
    bidCount: Number(row?.['bid_count']),
    seller: row?.['seller_id'] as unknown,
  };
}

describe('exactly once', () => {
  test('entries that are published twice are stored once, byte for byte', async () => {
    const auction = newAuction();
    const entries = [
      ...auction.opening(50),
      auction.bids([
        { userId: 'zoe', maxAmount: 900_000 },
        { userId: 'max', amount: auction.minimumBid + 90_000 },
      ]),
      auction.end(),
    ];
    await system.startWorker();
    await system.publish([...entries, ...entries]);
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
    expect(await projected(auction.auctionId)).toEqual({
      position: [1, auction.seq],
      archived: [1, auction.seq],
      price: auction.state.price,
      bidCount: auction.state.bidCount,
      seller: 'seller-1',
    });
  });

  test('at the highest amount there is no minimum bid', async () => {
    const auction = newAuction();
    const other = newAuction();
    const entries = [
      auction.create(),
      auction.start(),
      auction.bid('ann', { amount: 1_000_000_000_000 }),
      ...other.opening(1),
    ];
    await system.startWorker();
    await system.publish(entries);
    await system.allAcknowledged();
    const leasts = await system.sql`
      SELECT minimum_bid FROM auctions WHERE id IN (${auction.auctionId}, ${other.auctionId})
       ORDER BY price DESC`;
    expect(leasts.map((row) => row['minimum_bid'] as unknown)).toEqual([
      null,
      `${other.minimumBid}`,
    ]);
  });

  test.each([1, 2, 3])('entries in any order give the same archive (%i)', async (seed) => {
    const auction = newAuction();
    const entries = [...auction.opening(40), auction.restart(30), ...auction.minimumBids(20)];
    await system.startWorker();
    // One at a time now and then, so that they do not all meet in one batch.
    const mixed = shuffled(entries, seeded(seed));
    await system.publish(mixed.slice(0, 20));
    await system.allAcknowledged();
    await system.publish(mixed.slice(20));
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
    expect(await projected(auction.auctionId)).toMatchObject({
      position: [2, auction.seq],
      archived: [2, auction.seq],
      price: auction.state.price,
      seller: 'seller-1',
    });
  });

  test('two workers at once, each entry twice', async () => {
    const many = Array.from({ length: 8 }, newAuction);
    const entries = many.flatMap((auction) => auction.opening(150));
    await Promise.all([system.startWorker(), system.startWorker()]);
    await Promise.all([
      system.publish(shuffled(entries, seeded(5))),
      system.publish(shuffled(entries, seeded(6))),
    ]);
    await system.allAcknowledged();
    for (const auction of many) {
      const { auctionId, seq, state } = auction;
      expect(await system.storedLines(auctionId)).toHaveLength(152);
      expect(await projected(auctionId)).toMatchObject({
        position: [1, seq],
        archived: [1, seq],
        price: state.price,
      });
    }
  });
});

describe('what cannot be stored', () => {
  test('poison among good messages: the good ones are stored, the others kept apart', async () => {
    const auction = newAuction();
    const entries = auction.opening(30);
    const dated = auction.bid('eve', { amount: auction.minimumBid });
    const { subject } = dated;
    const poison = [
      { subject, text: 'not an event' },
      { subject, text: '{"v":1}' },
      { subject: 'outcry.v1.events.0.a0-other', text: dated.text },
      // Only Postgres knows that this day does not exist: it refuses the whole batch.
      { subject, text: dated.text.replace(/"at":"[^T]*T/, '"at":"2026-02-30T') },
    ];
    await system.startWorker();
    await system.publish(shuffled([...entries, ...poison, ...poison], seeded(9)));
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
    const letters = await system.sql<{ payload: Buffer; reason: string }[]>`
      SELECT payload, reason FROM dead_letters ORDER BY reason`;
    expect(letters.map(({ payload }) => payload.toString()).toSorted()).toEqual(
      poison.map(({ text }) => text).toSorted(),
    );
    expect(letters.map(({ reason }) => reason).join('\n')).toContain('date/time field value');
  });

  test('of two events for one place the first is kept, the other recorded', async () => {
    const auction = newAuction();
    const entries = auction.opening(10);
    const last = entries.at(-1);
    const forged = { ...auction.end(), text: last?.text.replace('"at":"2026', '"at":"2025') ?? '' };
    const worker = await system.startWorker();
    await system.publish(entries);
    await system.allAcknowledged();
    await system.publish([forged, forged]);
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
    const conflicts = await system.sql`
      SELECT line FROM conflicts WHERE auction_id = ${auction.auctionId}`;
    expect(conflicts.map((row) => row['line'] as unknown)).toEqual([forged.text]);
    // The second copy is a conflict of its own, unless both were of one batch.
    expect([1, 2]).toContain(await workerFigure(worker, 'outcry_archive_conflicts_total'));
  });
});

describe('outages', () => {
  test('Postgres killed and back: nothing is lost, nothing is stored twice', async () => {
    const auction = newAuction();
    const entries = auction.opening(300);
    await system.startWorker();
    await system.publish(entries.slice(0, 100));
    await system.postgres.kill();
    await system.publish(entries.slice(100));
    await until('they wait', async () => (await system.unacknowledged()) >= 202);
    await system.postgres.start();
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
  });

  test('NATS stopped and back', async () => {
    const auction = newAuction();
    const entries = auction.opening(100);
    await system.startWorker();
    await system.publish(entries.slice(0, 50));
    await system.allAcknowledged();
    await system.nats.stop();
    await system.nats.start();
    await until('NATS answers', () =>
      system.unacknowledged().then(
        () => true,
        () => false,
      ),
    );
    await system.publish(entries.slice(50));
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
  });

  test('the stream deleted under a running worker: it is made again and read', async () => {
    await system.startWorker();
    await system.deleteStream();
    const auction = newAuction();
    const entries = auction.opening(5);
    await until('the stream is back', () =>
      system.publish(entries).then(
        () => true,
        () => false,
      ),
    );
    await system.allAcknowledged();
    expect(await system.storedLines(auction.auctionId)).toEqual(linesOf(entries));
  });

  test('a worker that stops while Postgres is away gives its messages back', async () => {
    const auction = newAuction();
    const entries = auction.opening(20);
    await system.startWorker();
    await system.postgres.kill();
    await system.publish(entries);
    await until('it holds them', async () => (await system.unacknowledged()) === 22);
    const from = Date.now();
    await system.stopWorkers();
    expect(Date.now() - from).toBeLessThan(5_000);
    await system.postgres.start();
    await system.startWorker();
    // Well within the 30 s after which JetStream would take them away from a dead worker. (Of
    // messages that are given back when nobody asks for any, nats-server 2.9 keeps one that long.)
    await until(
      'stored',
      async () => (await system.storedLines(auction.auctionId)).length >= 21,
      20_000,
    );
  }, 60_000);
});
