/** Who could not bid because the engine was away gets a grace; where somebody was there, nobody does. */
import { expect, onTestFinished, test } from 'vitest';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { SIZES } from '@outcry/shared/testing/sizes.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { newAuction, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const AUCTIONS = 200;
/** So many others have ended before. */
const ENDED = 20;
const GRACE_SECONDS = 3;
const GRACE_MS = GRACE_SECONDS * 1_000;
const AWAY_MS = SIZES.awayMs;
/** So long creating them may take at most. */
const LEAD_MS = 10_000;
/** So late a return and the keeper may be on a busy machine. */
const LATE_MS = 5_000;
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

const allEventsOf = (gateway: TestGateway, ids: readonly string[]): Promise<PublicEvent[][]> =>
  Promise.all(ids.map((id) => eventsOf(gateway, id)));

const typesOf = (events: readonly PublicEvent[]): string =>
  events.map(({ type }) => type).join(' ');

async function ended(gateway: TestGateway, ids: readonly string[]): Promise<PublicEvent[][]> {
  await until(
    'all have ended',
    async () => {
      const all = await allEventsOf(gateway, ids);
      return all.every((events) => events.at(-1)?.type === 'ended');
    },
    TIMEOUT_MS,
  );
  return allEventsOf(gateway, ids);
}

/** What an outage must leave alone. */
class Others {
  readonly #gateway: TestGateway;
  readonly #ended: readonly string[];
  readonly #histories: readonly PublicEvent[][];
  readonly #later: string;

  static async create(gateway: TestGateway): Promise<Others> {
    const short = { durationSeconds: 0.2, graceSeconds: 600 };
    const ids = await Promise.all(Array.from({ length: ENDED }, () => newAuction(gateway, short)));
    const later = await newAuction(gateway, { durationSeconds: 90, graceSeconds: GRACE_SECONDS });
    return new Others(gateway, ids, await ended(gateway, ids), later);
  }

  private constructor(
    gateway: TestGateway,
    endedIds: readonly string[],
    histories: readonly PublicEvent[][],
    later: string,
  ) {
    this.#gateway = gateway;
    this.#ended = endedIds;
    this.#histories = histories;
    this.#later = later;
  }

  async expectUnchanged(epochs = ''): Promise<void> {
    expect(await allEventsOf(this.#gateway, this.#ended)).toEqual(this.#histories);
    expect(typesOf(await eventsOf(this.#gateway, this.#later))).toBe(`scheduled started${epochs}`);
  }
}

/** When the outage of an auction's shard ended, by Redis's clock. */
async function backAt(gateway: TestGateway, id: string): Promise<number> {
  const { attended } = shardKeys(shardOfId(id, gateway.shards) ?? -1);
  return Number(await gateway.redis.hget(attended, 'backAt'));
}

/**
 * Each was extended once, to a grace after the return, and ended then.
 * @param returning when the return began
 * @param epochs what a restart of Redis has put into each history
 */
async function expectGrace(
  gateway: TestGateway,
  ids: readonly string[],
  returning: number,
  epochs = '',
): Promise<void> {
  const histories = await ended(gateway, ids);
  for (const [i, events] of histories.entries()) {
    const back = await backAt(gateway, ids[i] ?? '');
    expect(back).toBeGreaterThanOrEqual(Math.floor(returning));
    expect(back).toBeLessThan(returning + LATE_MS);
    expect(typesOf(events)).toBe(`scheduled started${epochs} extended ended`);
    const [extended, end] = events.slice(-2);
    expect(extended).toMatchObject({
      reason: 'outage',
      state: { endsAt: new Date(back + GRACE_MS).toISOString() },
    });
    const late = Date.parse(end?.at ?? '') - back - GRACE_MS;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(LATE_MS);
  }
}

test(
  'all gateways were away: what would have ended then, or soon after, ends a grace after the return',
  async () => {
    const gateway = await start();
    const other = await gateway.startAnother();
    const others = await Others.create(gateway);
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + AWAY_MS + GRACE_MS / 2);
    await Promise.all([gateway.service.close(), other.close()]);
    await passes(gateway, AWAY_MS, Math.max(from, await redisNow(gateway)));
    const returning = await redisNow(gateway);
    await Promise.all([gateway.startAnother(), gateway.startAnother()]);
    await expectGrace(gateway, ids, returning);
    await others.expectUnchanged();
  },
  TIMEOUT_MS,
);

test(
  'Redis was away: the same',
  async () => {
    const gateway = await start();
    const others = await Others.create(gateway);
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + AWAY_MS + GRACE_MS / 2);
    await gateway.redisServer.kill();
    const since = Math.max(from, Date.now());
    // There is no other clock meanwhile.
    await until('Redis was away for long', () => Date.now() >= since + AWAY_MS, TIMEOUT_MS);
    const returning = Date.now();
    await gateway.redisServer.start();
    await expectGrace(gateway, ids, returning, ' epoch');
    await others.expectUnchanged(' epoch');
  },
  TIMEOUT_MS,
);

test(
  'only the keeper was away: bids were taken, so nobody gets a grace',
  async () => {
    const gateway = await start();
    const shards = Array.from({ length: gateway.shards }, (_, shard) => shardKeys(shard));
    await Promise.all(
      shards.map(({ keeperLease }) => gateway.redis.set(keeperLease, 'nobody', 'EX', 90)),
    );
    const from = Date.now() + LEAD_MS;
    const ids = await endingBetween(gateway, from, from + AWAY_MS);
    await passes(gateway, AWAY_MS, from);
    for (const events of await allEventsOf(gateway, ids)) {
      expect(typesOf(events)).toBe('scheduled started');
    }
    await gateway.redis.del(...shards.map(({ keeperLease }) => keeperLease));
    for (const events of await ended(gateway, ids)) {
      expect(typesOf(events)).toBe('scheduled started ended');
    }
  },
  TIMEOUT_MS,
);
