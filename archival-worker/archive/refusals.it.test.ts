/** What Postgres refuses for now, what it refuses for ever, and what takes it too long. */
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { startBareArchive } from '../testing/bare-archive.ts';
import { TestSystem, workerFigure } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

/** Runs PL/pgSQL before every row that is inserted into `events`, until the result is called. */
const beforeEachEvent = (body: string): Promise<() => Promise<void>> =>
  beforeEachRow('events', body);

async function beforeEachRow(table: string, body: string): Promise<() => Promise<void>> {
  await system.sql.unsafe(`
    CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${body} RETURN NEW; END $$;
    CREATE TRIGGER trouble BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION trouble();`);
  const end = async (): Promise<void> => {
    await system.sql.unsafe('DROP FUNCTION IF EXISTS trouble CASCADE');
  };
  onTestFinished(end);
  return end;
}

const letters = () => system.sql<{ auction_id: string; reason: string; payload: Buffer }[]>`
  SELECT auction_id, reason, payload FROM dead_letters ORDER BY auction_id`;

test('a full disk is waited for, however long', async () => {
  const auction = new TestAuction({ auctionId: 'a0-disk' });
  const entries = auction.opening(30);
  const end = await beforeEachEvent(`RAISE EXCEPTION 'disk full' USING ERRCODE = '53100';`);
  const worker = await system.startWorker();
  await system.publish(entries);
  await until(
    'it was tried several times',
    async () => (await workerFigure(worker, 'outcry_archive_retries_total')) >= 4,
  );
  expect(await system.unacknowledged()).toBe(entries.length);
  await end();
  await system.allAcknowledged();
  expect(await system.storedLines(auction.auctionId)).toHaveLength(entries.length);
  expect(await letters()).toHaveLength(0);
});

test('an event that breaks a constraint is kept apart, its auction is blocked, all else goes on', async () => {
  const auction = new TestAuction({ auctionId: 'a1-poisoned' });
  const other = new TestAuction({ auctionId: 'a2-other' });
  const before = auction.opening(5);
  const poison = auction.bid('eve', { amount: auction.minimumBid });
  const after = auction.minimumBids(5);
  const { auction: hash } = auctionKeys(1, auction.auctionId);
  await system.redisClient.hset(hash, { epoch: 1, seq: auction.seq });
  await beforeEachEvent(`
    IF NEW.user_id = 'eve' THEN RAISE EXCEPTION 'no eve' USING ERRCODE = '23514'; END IF;`);
  const worker = await system.startWorker();
  await system.publish([...before, poison, ...after, ...other.opening(20)]);
  await system.allAcknowledged();
  expect(await system.storedLines(other.auctionId)).toHaveLength(22);
  expect(await system.storedLines(auction.auctionId)).toHaveLength(12);
  const [letter, ...more] = await letters();
  expect(more).toHaveLength(0);
  expect(letter).toMatchObject({
    auction_id: auction.auctionId,
    reason: 'no eve (SQLSTATE 23514)',
  });
  expect(letter?.payload.toString()).toBe(poison.text);
  expect(await workerFigure(worker, 'outcry_archive_dead_letters_total')).toBe(1);
  await until(
    'it is blocked',
    async () => (await system.redisClient.hget(hash, 'blocked')) === '1',
  );
  await until(
    'up to the poison',
    async () => (await system.redisClient.hget(hash, 'archivedSeq')) === '7',
  );
  // Auctions that Redis does not have are not made up.
  const { auction: otherHash } = auctionKeys(2, other.auctionId);
  expect(await system.redisClient.exists(otherHash)).toBe(0);
});

test.each(['auctions', 'items', 'bid_hours', 'bidder_totals'])(
  'what %s refuses, whose statement others follow unanswered, is kept apart for its own reason',
  async (table) => {
    await system.reset();
    const bad = new TestAuction({ auctionId: 'a1-refused', itemTitle: 'no lamp' });
    const good = new TestAuction({ auctionId: 'a2-good' });
    const poison = [...bad.opening(1), bad.bid('eve', { amount: bad.minimumBid })];
    const column = { auctions: 'id', items: 'id', bid_hours: 'user_id' }[table] ?? 'user_id';
    await beforeEachRow(
      table,
      `IF NEW.${column} IN ('a1-refused', 'i1-refused', 'eve') THEN
         RAISE EXCEPTION 'not here' USING ERRCODE = '23514'; END IF;`,
    );
    await system.startWorker();
    await system.publish([...poison, ...good.opening(20)]);
    await system.allAcknowledged();
    expect(await system.storedLines(good.auctionId)).toHaveLength(22);
    const kept = await letters();
    expect(kept.length).toBeGreaterThan(0);
    for (const { auction_id, reason } of kept) {
      expect([auction_id, reason]).toEqual(['a1-refused', 'not here (SQLSTATE 23514)']);
    }
  },
);

test('a Postgres too slow for a batch gets smaller ones', async () => {
  const auction = new TestAuction({ auctionId: 'a3-slow' });
  const entries = auction.opening(98);
  // 100 rows take 2 s, and no transaction may take more than half a second.
  const end = await beforeEachEvent('PERFORM pg_sleep(0.02);');
  await system.publish(entries);
  const sizes: number[] = [];
  startBareArchive(system, {
    limitMs: 500,
    figures: { committed: ({ messages }) => sizes.push(messages), retried: () => undefined },
  });
  await system.allAcknowledged();
  await end();
  expect(await system.storedLines(auction.auctionId)).toHaveLength(100);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(25);
});
