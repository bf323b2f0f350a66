/** A worker that commits and then fails to acknowledge, made of the real parts. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis } from '@outcry/shared/runtime/redis.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { JetStreamSource } from '../adapters/nats/jetstream-source.ts';
import { PostgresArchiveStore } from '../adapters/postgres/archive-store.ts';
import { Database } from '../adapters/postgres/database.ts';
import { RedisArchivedMarks } from '../adapters/redis/archived-marks.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';
import { ArchiveEvents } from './archive-events.ts';
import type { BatchFigures, Delivery, EventSource } from './ports.ts';
import { ReportArchived } from './report-archived.ts';

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
            delivery.giveBack();
          },
          giveBack: () => delivery.giveBack(),
        };
      }),
    stop: () => source.stop(),
  };
}

test('events whose acknowledgement is lost after the commit are stored once', async () => {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  const log = createLogger('test', 'silent');
  const link = connectNats(NATS_URL, 'test', log);
  const source = new JetStreamSource(link, { maxBytes: 268_435_456, replicas: 1 }, log);
  const database = new Database(
    DATABASE_URL,
    { name: 'test', connections: 2, limitMs: 10_000 },
    log,
  );
  const redis = openRedis(REDIS_URL, 'test', log);
  const report = new ReportArchived(new RedisArchivedMarks(redis, SHARDS), log);
  const total = { fresh: 0, duplicates: 0 };
  const figures = {
    committed: ({ fresh, duplicates }: BatchFigures) => {
      total.fresh += fresh;
      total.duplicates += duplicates;
    },
    retried: () => undefined,
  };
  const store = new PostgresArchiveStore(database);
  const archive = new ArchiveEvents({
    source: losingFirstAcks(source),
    store,
    report,
    figures,
    log,
  });
  onTestFinished(async () => {
    await archive.stop();
    await report.stop();
    await source.close();
    await link.close();
    await database.close();
    redis.disconnect();
  });
  source.start();
  report.start();
  archive.start();

  const auction = new TestAuction({ auctionId: 'a0-again' });
  const entries = auction.opening(200);
  await system.publish(entries);
  await system.allAcknowledged();
  expect(total).toEqual({ fresh: 202, duplicates: 202 });
  expect(await system.storedLines(auction.auctionId)).toEqual(entries.map(({ text }) => text));
});
