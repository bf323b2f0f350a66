/**
 * JetStream loses single messages that it had acknowledged; the archive is complete all the same, each
 * event once. faults.it.test.ts deletes the stream and wipes the store.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import { auctionKeys, EVENT_STREAM, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';

const SHARDS = 16;
const AUCTIONS = 3;
const LIMIT_MS = 60_000;

let system: TestSystem;
let redis: Redis;
let sql: ReturnType<typeof postgres>;
let seller: string;
let bidder: string;

beforeAll(async () => {
  system = await startTestSystem();
  redis = new Redis(system.urls['redis'] ?? '');
  sql = postgres(system.urls['postgres'] ?? '', { max: 1, onnotice: () => undefined });
  seller = await token('seller');
  bidder = await token('bidder');
}, 120_000);
afterAll(async () => {
  redis.disconnect();
  await sql.end();
  await system.stop();
});

async function post(path: string, body: object, bearer?: string): Promise<unknown> {
  const answer = await fetch(`${system.urls['api-gateway']}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

const field = (value: unknown, name: string): string => String(Reflect.get(Object(value), name));

async function token(userId: string): Promise<string> {
  return field(await post('/v1/dev/tokens', { userId, roles: ['bidder', 'seller'] }), 'token');
}

async function newAuction(): Promise<string> {
  const terms = { currency: 'EUR', startPrice: 100, durationSeconds: 600 };
  return field(await post('/v1/auctions', { item: { title: 'A vase' }, ...terms }, seller), 'id');
}

async function bids(auctionId: string, amounts: readonly number[]): Promise<void> {
  for (const amount of amounts) await post(`/v1/auctions/${auctionId}/bids`, { amount }, bidder);
}

const auctionKey = (id: string) => auctionKeys(shardOfId(id, SHARDS) ?? 0, id).auction;

async function marks(id: string): Promise<{ seq: number; published: number; archived: number }> {
  const { seq } = await storedAuction(redis, shardOfId(id, SHARDS) ?? 0, id);
  const fields = await redis.hmget(auctionKey(id), 'publishedSeq', 'archivedSeq');
  const [published = 0, archived = 0] = fields.map(Number);
  return { seq, published, archived };
}

const until = (what: string, holds: () => Promise<boolean>): Promise<true> =>
  waitUntil(holds, { withinMs: LIMIT_MS, everyMs: 50, what });

/** Auctions with bids, all published while no worker runs, so that the archive has none of it. */
async function publishedAuctions(): Promise<string[]> {
  await system.part('archival-worker').stop();
  const ids = await Promise.all(Array.from({ length: AUCTIONS }, newAuction));
  await Promise.all(ids.map((id) => bids(id, [1_000, 2_000, 3_000, 4_000, 5_000])));
  await until('everything is published', async () => {
    const all = await Promise.all(ids.map(marks));
    return all.every(({ seq, published }) => published === seq);
  });
  return ids;
}

async function expectArchivedOnce(ids: readonly string[]): Promise<void> {
  await until('everything is archived', async () => {
    const all = await Promise.all(ids.map(marks));
    return all.every(({ seq, archived }) => archived === seq);
  });
  for (const id of ids) {
    const { seq } = await marks(id);
    const rows = await sql<{ seq: string }[]>`
      SELECT seq FROM events WHERE auction_id = ${id} ORDER BY seq`;
    expect(rows.map((row) => Number(row.seq))).toEqual(
      Array.from({ length: seq }, (_, i) => i + 1),
    );
  }
}

/** How many entries the keeper has published again. */
async function repaired(): Promise<number> {
  const text = await (await fetch(`${system.urls['api-gateway']}/metrics`)).text();
  return Number(/^outcry_keeper_repaired_entries_total\S* (\d+)/m.exec(text)?.[1]);
}

async function onStream<T>(
  act: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: system.urls['nats'] ?? '' });
  try {
    return await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

test('single messages are deleted before the worker has them', { timeout: 120_000 }, async () => {
  const before = await repaired();
  const [first = '', last = '', blocked = ''] = await publishedAuctions();
  await redis.hset(auctionKey(blocked), 'blocked', '1');
  await onStream(async (manager) => {
    const subjects = [first, last, blocked].map((id) =>
      eventSubject(shardOfId(id, SHARDS) ?? 0, id),
    );
    const [ofFirst = '', ofLast = '', ofBlocked = ''] = subjects;
    // The last message of an auction leaves no gap to notice.
    for (const query of [
      { seq: 1, next_by_subj: ofFirst },
      { last_by_subj: ofLast },
      { seq: 1, next_by_subj: ofBlocked },
    ]) {
      const message = await manager.streams.getMessage(EVENT_STREAM, query);
      if (message === null) throw new Error(`no message for ${JSON.stringify(query)}`);
      await manager.streams.deleteMessage(EVENT_STREAM, message.seq);
    }
  });
  await system.part('archival-worker').start();
  await expectArchivedOnce([first, last]);
  expect(await repaired()).toBeGreaterThanOrEqual(before + 2);

  // A dead letter would only become one again: nothing is done until somebody lifts the block.
  expect((await marks(blocked)).archived).toBe(0);
  await redis.hdel(auctionKey(blocked), 'blocked');
  await expectArchivedOnce([blocked]);
});
