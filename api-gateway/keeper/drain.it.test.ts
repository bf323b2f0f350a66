/** After a long outage of NATS the keeper publishes what piled up, fast, and stays punctual. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedEvents, storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { newAuction, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

/** Far below what was measured (docs/operate.md), for busy machines. */
const LEAST_ENTRIES_A_SECOND = 250;
const AT_ONCE = 500;

let gateway: TestGateway;
let redis: Redis;
let auctions: ScriptedAuctions;

beforeAll(async () => {
  gateway = await startTestGateway();
  redis = new Redis(gateway.redisServer.url, { enableAutoPipelining: true });
  auctions = new ScriptedAuctions(redis, gateway.shards);
});
afterAll(async () => {
  redis.disconnect();
  await gateway.stop();
});

/** Does `act` for 0, 1, … count - 1, a few hundred at once. */
async function times(count: number, act: (i: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - from);
    await Promise.all(Array.from({ length: size }, (_, i) => act(from + i)));
  }
}

async function messages(): Promise<number> {
  const nats = await connect({ servers: gateway.natsServer.url });
  try {
    const manager = await jetstreamManager(nats);
    return (await manager.streams.info(EVENT_STREAM)).state.messages;
  } finally {
    await nats.close();
  }
}

/** Starts NATS and waits until it has so many messages more; prints how fast they came. */
async function drain(what: string, count: number, before: number): Promise<void> {
  const began = performance.now();
  await gateway.natsServer.start();
  await until('the stream is there', async () => (await messages()) > 0);
  const limit = began + (count / LEAST_ENTRIES_A_SECOND) * 1000 + 5_000;
  let lateness = 0;
  while ((await messages()) < before + count) {
    if (performance.now() > limit) throw new Error(`${what}: not ${count} in time`);
    lateness = Math.max(lateness, await latenessOfAnEnd());
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `drained ${count} entries of ${what} in ${seconds.toFixed(1)} s, ` +
      `${Math.round(count / seconds)} a second; auctions closed at most ${lateness} ms late`,
  );
  expect(lateness).toBeLessThan(500);
}

/** Creates an auction that ends in a moment; how late the keeper closed it, ms. */
async function latenessOfAnEnd(): Promise<number> {
  const id = await newAuction(gateway, { durationSeconds: 0.1 });
  const shard = Number(/\d+/.exec(id)?.[0]);
  const { auction } = auctionKeys(shard, id);
  await until('the auction has ended', async () => {
    return (await redis.hget(auction, 'status')) === 'ended';
  });
  const end = (await loggedEvents(redis, shard, id)).at(-1);
  return Date.parse(end?.at ?? '') - Date.parse(end?.state.endsAt ?? '');
}

test(
  'thousands of entries of one auction, and one of each of thousands of auctions',
  async () => {
    const { entries, auctions: many } = SIZES.drain;
    await until(
      'JetStream takes events',
      async () => (await figure(gateway.url, 'outcry_handoff_open')) === 1,
    );

    await gateway.natsServer.stop();
    await auctions.create('a0-hot');
    await times(entries, (i) => auctions.bid('a0-hot', { userId: 'ann', amount: 1_000 * (i + 1) }));
    await drain('one auction', entries, 0);

    const before = await messages();
    await gateway.natsServer.stop();
    await times(many, (i) => auctions.create(`a${i % gateway.shards}-each${i}`));
    await drain('many auctions', many, before);

    const all = Array.from({ length: many }, (_, i) => i);
    await until('every published mark has moved', async () => {
      const marks = await Promise.all(
        all.map(async (i) => {
          const shard = i % gateway.shards;
          const id = `a${shard}-each${i}`;
          const { seq } = await storedAuction(redis, shard, id);
          return [seq, Number(await redis.hget(auctionKeys(shard, id).auction, 'publishedSeq'))];
        }),
      );
      return marks.every(([seq, published]) => seq === published);
    });
  },
  LONG_TEST_MS,
);
