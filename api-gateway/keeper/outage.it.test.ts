/** Who could not bid because the engine was away gets a grace; where somebody was there, nobody does. */
import { expect, onTestFinished, test } from 'vitest';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { newAuction, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const AUCTIONS = 200;
const GRACE_SECONDS = 3;
/** Longer than the engine may be silent without having been away. */
const AWAY_MS = 12_000;
/** So long creating them may take at most. */
const LEAD_MS = 10_000;
const TIMEOUT_MS = 120_000;

async function start(): Promise<TestGateway> {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function redisNow({ redis }: TestGateway): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
}

/** Waits until so much of Redis's time has passed. */
async function passes(gateway: TestGateway, ms: number, since: number): Promise<void> {
  await until(
    'time has passed',
    async () => (await redisNow(gateway).catch(() => 0)) >= since + ms,
    TIMEOUT_MS,
  );
}

/** Auctions that end one after the other between two times. */
function endingBetween(gateway: TestGateway, from: number, to: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: AUCTIONS }, (_, i) =>
      newAuction(gateway, {
        durationSeconds: undefined,
        endsAt: new Date(from + ((to - from) * i) / AUCTIONS).toISOString(),
        graceSeconds: GRACE_SECONDS,
        softClose: null,
      }),
    ),
  );
}

const eventsOf = (gateway: TestGateway, id: string): Promise<PublicEvent[]> =>
  loggedEvents(gateway.redis, shardOfId(id, gateway.shards) ?? -1, id);

async function ended(gateway: TestGateway, ids: readonly string[]): Promise<PublicEvent[][]> {
  await until(
    'all have ended',
    async () => {
      const all = await Promise.all(ids.map((id) => eventsOf(gateway, id)));
      return all.every((events) => events.at(-1)?.type === 'ended');
    },
    TIMEOUT_MS,
  );
  return Promise.all(ids.map((id) => eventsOf(gateway, id)));
}

async function endedBefore(gateway: TestGateway): Promise<{ id: string; events: PublicEvent[] }> {
  const id = await newAuction(gateway, { durationSeconds: 0.2, graceSeconds: 600 });
  const [events = []] = await ended(gateway, [id]);
  return { id, events };
}

/** When each shard's outage ended, by Redis's clock. */
async function backAt(gateway: TestGateway, id: string): Promise<number> {
  const { attended } = shardKeys(shardOfId(id, gateway.shards) ?? -1);
  return Number(await gateway.redis.hget(attended, 'backAt'));
}

async function expectGrace(gateway: TestGateway, ids: readonly string[]): Promise<void> {
  const histories = await ended(gateway, ids);
  for (const [i, events] of histories.entries()) {
    const extended = events.filter(({ type }) => type === 'extended');
    const endsAt = (await backAt(gateway, ids[i] ?? '')) + GRACE_SECONDS * 1_000;
    expect(extended.map(({ reason, state }) => [reason, Date.parse(state.endsAt)])).toEqual([
      ['outage', endsAt],
    ]);
    expect(Date.parse(events.at(-1)?.at ?? '')).toBeGreaterThanOrEqual(endsAt);
  }
}

test(
  'all gateways were away: what would have ended then, or soon after, ends a grace after the return',
  async () => {
    const gateway = await start();
    const before = await endedBefore(gateway);
    const later = await newAuction(gateway, { durationSeconds: 90, graceSeconds: GRACE_SECONDS });
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + AWAY_MS);
    await gateway.service.close();
    await passes(gateway, AWAY_MS, Math.max(from, await redisNow(gateway)));
    await gateway.startAnother();
    await expectGrace(gateway, ids);
    expect(await eventsOf(gateway, before.id)).toEqual(before.events);
    expect((await eventsOf(gateway, later)).map(({ type }) => type)).toEqual([
      'scheduled',
      'started',
    ]);
  },
  TIMEOUT_MS,
);

test(
  'Redis was away: the same',
  async () => {
    const gateway = await start();
    const before = await endedBefore(gateway);
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + AWAY_MS);
    await gateway.redisServer.kill();
    const since = Math.max(from, Date.now());
    // There is no other clock meanwhile.
    await until('Redis was away for long', () => Date.now() >= since + AWAY_MS, TIMEOUT_MS);
    await gateway.redisServer.start();
    await expectGrace(gateway, ids);
    expect(await eventsOf(gateway, before.id)).toEqual(before.events);
  },
  TIMEOUT_MS,
);

test(
  'only the keeper was away: bids were taken, so nobody gets a grace',
  async () => {
    const gateway = await start();
    const shards = Array.from({ length: gateway.shards }, (_, shard) => shardKeys(shard));
    const holdAll = () =>
      Promise.all(
        shards.map(({ keeperLease }) => gateway.redis.set(keeperLease, 'nobody', 'EX', 60)),
      );
    await holdAll();
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + 2_000);
    await passes(gateway, AWAY_MS, from);
    await gateway.redis.del(...shards.map(({ keeperLease }) => keeperLease));
    const histories = await ended(gateway, ids);
    for (const events of histories) {
      expect(events.map(({ type }) => type)).toEqual(['scheduled', 'started', 'ended']);
    }
  },
  TIMEOUT_MS,
);
