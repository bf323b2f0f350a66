/** Auctions from which bidders were removed: everything made of the archive says what Redis says. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import type { ArchivedAuction, ArchivedBid, UserStats } from '@outcry/shared/contracts/history.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { checkRemovals } from '@outcry/shared/testing/check-removals.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { playRemovals } from '@outcry/shared/testing/play-removals.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { seeded } from '@outcry/shared/testing/seeded.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { toolSettings } from '../config.ts';
import { runVerify } from '../create-verify.ts';
import { logEntries, rebuildNow, shardOf } from '../testing/rebuild-stage.ts';
import { SHARDS, TestSystem, tokenOf } from '../testing/test-system.ts';
import { differenceText } from '../verify/difference.ts';

const CHECK_PROOF = fileURLToPath(new URL('../../docs/examples/check-proof.mjs', import.meta.url));
const SEED = 16;
const IDS = Array.from({ length: SIZES.removalsFollowed }, (_, n) => `a${n % SHARDS}-removals${n}`);
/** Every second one ends. */
const isEnding = (id: string): boolean => IDS.indexOf(id) % 2 === 0;
const ENDED = IDS.filter(isEnding);
/** Nothing is sealed meanwhile. */
const UNSEALED = { SEAL_AFTER_SECONDS: '3600' };

let system: TestSystem;
let auctions: ScriptedAuctions;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  await markShardsWhole(system.redisClient, SHARDS);
  auctions = new ScriptedAuctions(system.redisClient, SHARDS);
  const random = seeded(SEED);
  for (const id of IDS) await playRemovals(auctions, id, random, isEnding(id));
  await system.publish(await logEntries(system, IDS));
  worker = await system.startWorker(UNSEALED);
  await system.allAcknowledged();
}, LONG_TEST_MS);
afterAll(() => system.stop());

interface Archived {
  readonly shown: PublicEvent;
  readonly hidden: PrivateEvent;
}

const archived = async (id: string): Promise<Archived[]> =>
  (await system.storedLines(id)).map((line) => {
    const { publicText, privateText } = splitEventLine(line);
    return { shown: ownJson<PublicEvent>(publicText), hidden: ownJson<PrivateEvent>(privateText) };
  });

const url = (path: string): string => `http://127.0.0.1:${worker.port}/v1${path}`;

async function read<T>(path: string, userId = 'anyone'): Promise<T> {
  const authorization = `Bearer ${tokenOf(userId)}`;
  const answer = await fetch(url(path), { headers: { authorization } });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

const inRedis = (id: string) => storedAuction(system.redisClient, shardOf(id), id);

/** What `verify` finds in all auctions. */
async function differences(): Promise<string[]> {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  const environment = { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` };
  const found: string[] = [];
  await runVerify(
    toolSettings('verify', {}, environment),
    { progress: () => undefined, found: (difference) => found.push(differenceText(difference)) },
    createLogger('verify', 'silent'),
  );
  return found;
}

test('the archived events are as if those bids had not been made', async () => {
  let removals = 0;
  for (const id of IDS) removals += checkRemovals(await system.storedLines(id));
  expect(removals).toBeGreaterThan(IDS.length);
});

test('the history shows the state that Redis has, and whose bids do not count', async () => {
  for (const id of IDS) {
    const { state, epoch, seq } = await inRedis(id);
    const shown = await read<ArchivedAuction>(`/history/auctions/${id}`);
    expect(shown).toMatchObject({ ...state, epoch, seq });
    const events = await archived(id);
    const removed = new Set(events.map((each) => each.shown.bidder));
    const expected = events.flatMap((each) => {
      const { bid, at } = each.shown;
      if (bid === undefined) return [];
      const place = { epoch: each.shown.epoch, seq: each.shown.seq };
      return [{ ...place, at, ...bid, ...(removed.has(bid.alias) && { removed: true }) }];
    });
    const bids = await read<{ items: ArchivedBid[] }>(`/history/auctions/${id}/bids?limit=200`);
    expect(bids.items).toEqual(expected);
  }
});

test('statistics count the bids of those alone who were not removed, and who has won without the others', async () => {
  const expected = new Map<string, Counted>();
  const countedOf = (userId = ''): Counted => {
    const counted = expected.get(userId) ?? new Counted();
    expected.set(userId, counted);
    return counted;
  };
  for (const id of IDS) {
    const events = await archived(id);
    const removed = new Set(events.map(({ shown }) => shown.bidder));
    for (const { shown, hidden } of events) {
      if (shown.bid === undefined) continue;
      const counted = countedOf(hidden.userId);
      if (!removed.has(shown.bid.alias)) counted.add(id, shown.bid.amount);
    }
    const last = events.at(-1);
    if (last?.shown.state.outcome !== 'sold') continue;
    const winner = countedOf(last.hidden.leaderId);
    winner.won += 1;
    winner.spent += last.shown.state.price;
  }
  expect([...expected.values()].some(({ won }) => won > 0)).toBe(true);
  for (const [userId, { bids, auctions: entered, highest, won, spent }] of expected) {
    expect(await read<UserStats>(`/users/${userId}/stats`, userId)).toMatchObject({
      bids,
      auctionsEntered: entered.size,
      auctionsWon: won,
      money: bids === 0 ? [] : [{ currency: 'EUR', totalSpent: spent, highestBid: highest }],
    });
  }
  expect(await differences()).toEqual([]);
});

/** What the events say of a user. */
class Counted {
  bids = 0;
  readonly auctions = new Set<string>();
  highest = 0;
  won = 0;
  spent = 0;

  add(auctionId: string, amount: number): void {
    this.bids += 1;
    this.auctions.add(auctionId);
    this.highest = Math.max(this.highest, amount);
  }
}

test(
  'a rebuild gives the same state, with which further removals agree; so do seals and proofs',
  async () => {
    const before = new Map<string, object>();
    for (const id of IDS) before.set(id, await bidding(id));
    await system.stopWorkers();
    await system.redisClient.flushall();
    expect(await rebuildNow(system)).toEqual({ auctions: IDS.length, gaps: 0 });
    for (const id of IDS) expect(await bidding(id)).toEqual(before.get(id));

    // Whoever leads now is removed, which takes all that Redis has of the others. What has ended may be
    // sealed already, so nobody is removed from it any more.
    let removed = 0;
    for (const id of IDS) {
      const { leader: alias } = (await inRedis(id)).state;
      if (alias === null) continue;
      const asked = { userId: 'ada', alias, reason: 'No card' };
      const [answer] = await auctions.manage(id, 'remove', asked);
      expect(answer).toMatch(isEnding(id) ? /^\+AUCTION_ENDED/ : /^\+OK/);
      if (!isEnding(id)) removed += 1;
    }
    expect(removed).toBeGreaterThan(IDS.length / 4);
    await system.publish(await logEntries(system, IDS));
    worker = await system.startWorker();
    await system.allAcknowledged();
    for (const id of IDS) checkRemovals(await system.storedLines(id));

    const lists = Array.from({ length: SHARDS }, (_, shard) => shardKeys(shard).sealed);
    await until('all that ended is sealed', async () => {
      const counts = await Promise.all(lists.map((list) => system.redisClient.zcard(list)));
      return counts.reduce((sum, count) => sum + count, 0) === ENDED.length;
    });
    for (const id of ENDED) {
      const { seq } = await inRedis(id);
      const proof = url(`/history/auctions/${id}/proof`);
      const { stdout } = await promisify(execFile)(process.execPath, [CHECK_PROOF, proof]);
      expect(stdout).toContain(`holds: ${seq} events`);
    }
    expect(await differences()).toEqual([]);
  },
  LONG_TEST_MS,
);

/** What Redis has of an auction's standing and bidders, byte by byte. */
async function bidding(id: string): Promise<object> {
  const hash = await system.redisClient.hgetallBuffer(auctionKeys(shardOf(id), id).auction);
  return Object.fromEntries(
    Object.entries(hash)
      .filter(([field]) => /^(b:.*|standing|shown|conditions)$/.test(field))
      .map(([field, value]) => [field, value.toString('latin1')]),
  );
}
