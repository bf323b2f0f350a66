import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { splitEventLine } from '@outcry/shared/contracts/events.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, workerFigure } from '../testing/test-system.ts';
import { HashChain } from './hash-chain.ts';

let system: TestSystem;
let auctions = 0;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

const newAuction = (): TestAuction => {
  auctions += 1;
  return new TestAuction({ auctionId: `a1-seal${auctions}`, buyNowPrice: 9_000 });
};

const linesOf = (entries: readonly TestEntry[]): string[] =>
  entries.flatMap(({ text }) => text.split('\n'));

/** The head over these lines. */
function headOf(auctionId: string, lines: readonly string[]): string {
  const chain = new HashChain(auctionId);
  for (const line of lines) chain.add(splitEventLine(line));
  return chain.head;
}

interface SealRow {
  readonly epoch: string;
  readonly seq: string;
  readonly head: Buffer;
  readonly sealed_at: Date;
  readonly redis_answer: string | null;
}

const sealOf = async (auctionId: string): Promise<SealRow | undefined> => {
  const [row] = await system.sql<SealRow[]>`SELECT * FROM seals WHERE auction_id = ${auctionId}`;
  return row;
};

async function sealed(auctionId: string): Promise<SealRow> {
  await until(`${auctionId} sealed`, async () => (await sealOf(auctionId)) !== undefined);
  const row = await sealOf(auctionId);
  if (row === undefined) throw new Error('no seal');
  return row;
}

const stored = async (auctionId: string): Promise<number> =>
  (await system.sql`SELECT FROM events WHERE auction_id = ${auctionId}`).length;

/** As the gateway's script leaves the auction. */
const putInRedis = (auctionId: string, epoch: number, seq: number) =>
  system.redisClient.hset(auctionKeys(1, auctionId).auction, { epoch, seq });

describe('what is sealed', () => {
  test('ended, bought and cancelled auctions, each with its own head', async () => {
    const ended = newAuction();
    const bought = newAuction();
    const cancelled = newAuction();
    const plays: [TestAuction, TestEntry[]][] = [
      [ended, [...ended.opening(5), ended.end()]],
      [bought, [...bought.opening(0), bought.buyNow('ann')]],
      [cancelled, [cancelled.create(), cancelled.cancel()]],
    ];
    await system.startWorker();
    for (const [, entries] of plays) await system.publish(entries);
    for (const [{ auctionId, seq }, entries] of plays) {
      const row = await sealed(auctionId);
      expect(row.head.toString('hex')).toBe(headOf(auctionId, linesOf(entries)));
      expect([row.epoch, row.seq]).toEqual(['1', `${seq}`]);
    }
  });

  test('not a live auction, and not one with a gap until the gap is filled', async () => {
    const live = newAuction();
    const gap = newAuction();
    const entries = [...gap.opening(4), gap.end()];
    const [missing] = entries.splice(3, 1);
    if (missing === undefined) throw new Error('no entry');
    const worker = await system.startWorker();
    await system.publish([...live.opening(3), ...entries]);
    const other = newAuction();
    await system.publish([other.create(), other.cancel()]);
    // Whatever could be sealed before this one has been looked at.
    await sealed(other.auctionId);
    expect(await stored(gap.auctionId)).toBe(gap.seq - 1);
    expect(await sealOf(gap.auctionId)).toBeUndefined();
    const waiting = () => workerFigure(worker, 'outcry_seal_waiting_auctions');
    await until('it counts as not sealed', async () => (await waiting()) === 1);
    expect(await workerFigure(worker, 'outcry_seal_lag_seconds')).toBeGreaterThan(0);
    await system.publish([missing]);
    await sealed(gap.auctionId);
    await until('none counts as not sealed', async () => (await waiting()) === 0);
    expect(await workerFigure(worker, 'outcry_seal_lag_seconds')).toBe(0);
    expect(await sealOf(live.auctionId)).toBeUndefined();
  });

  test('the history only: what an epoch superseded is not in the chain', async () => {
    const auction = newAuction();
    const kept = auction.opening(6);
    const lost = auction.minimumBids(3);
    const after = [auction.restart(8), ...auction.minimumBids(2), auction.end()];
    await system.startWorker();
    await system.publish([...kept, ...lost, ...after]);
    const row = await sealed(auction.auctionId);
    expect(row.head.toString('hex')).toBe(headOf(auction.auctionId, linesOf([...kept, ...after])));
  });

  test('an auction that ended while no worker ran, by two workers at once', async () => {
    const auction = newAuction();
    await system.startWorker();
    const entries = [...auction.opening(2), auction.end()];
    await system.publish(entries.slice(0, -1));
    await until('stored', async () => (await stored(auction.auctionId)) === auction.seq - 1);
    await system.stopWorkers();
    await system.publish(entries.slice(-1));
    await Promise.all([system.startWorker(), system.startWorker()]);
    const row = await sealed(auction.auctionId);
    expect(row.head.toString('hex')).toBe(headOf(auction.auctionId, linesOf(entries)));
  });

  test('a large auction, in pieces', async () => {
    const auction = newAuction();
    const entries = [...auction.opening(5_000), auction.end()];
    await system.startWorker();
    await system.publish(entries);
    const row = await sealed(auction.auctionId);
    expect(row.head.toString('hex')).toBe(headOf(auction.auctionId, linesOf(entries)));
  });
});

const justEnded = (): TestAuction => {
  auctions += 1;
  const startsAt = Date.now() - 60_000;
  return new TestAuction({ auctionId: `a1-seal${auctions}`, startsAt, lastsMs: 50_000 });
};

describe('an auction with bids that ended just now', () => {
  test('is sealed with the removal that Redis has and the archive has not yet', async () => {
    const auction = justEnded();
    const { auctionId } = auction;
    const entries = [...auction.opening(2), auction.end()];
    const removal = auction.remove(1);
    await putInRedis(auctionId, 1, auction.seq);
    await system.startWorker();
    await system.publish(entries);
    // Found whole after it, and sealed: so the first one was passed over.
    const other = justEnded();
    await system.publish([...other.opening(1), other.end()]);
    await sealed(other.auctionId);
    await until('looked at', async () => (await stored(auctionId)) === linesOf(entries).length);
    expect(await sealOf(auctionId)).toBeUndefined();
    await system.publish([removal]);
    const row = await sealed(auctionId);
    const lines = linesOf([...entries, removal]);
    expect(row.head.toString('hex')).toBe(headOf(auctionId, lines));
    expect(await system.redisClient.hget(auctionKeys(1, auctionId).auction, 'closed')).toBe('1');
  });

  test('waits as long as its bidders can be removed; one without bids does not', async () => {
    const [auction, unsold] = [justEnded(), justEnded()];
    const worker = await system.startWorker({ SEAL_AFTER_SECONDS: '3600' });
    await system.publish([...auction.opening(2), auction.end()]);
    await system.publish([...unsold.opening(0), unsold.end()]);
    await sealed(unsold.auctionId);
    await system.allAcknowledged();
    expect(await sealOf(auction.auctionId)).toBeUndefined();
    // It is not late, so nobody is woken.
    expect(await workerFigure(worker, 'outcry_seal_waiting_auctions')).toBe(0);
  });
});

describe('a seal is final', () => {
  test('events that come later are kept, and change neither seal, state nor history', async () => {
    const auction = newAuction();
    const entries = [...auction.opening(4), auction.end()];
    await system.startWorker();
    await system.publish(entries);
    const before = await sealed(auction.auctionId);
    const stateOf = () => system.sql`SELECT * FROM auctions WHERE id = ${auction.auctionId}`;
    const [state] = await stateOf();
    const late = [auction.restart(4), ...auction.minimumBids(3)];
    await system.publish(late);
    await until(
      'kept',
      async () => (await stored(auction.auctionId)) === linesOf([...entries, ...late]).length,
    );
    await system.allAcknowledged();
    const after = await sealOf(auction.auctionId);
    expect(after?.head).toEqual(before.head);
    expect(after?.sealed_at).toEqual(before.sealed_at);
    expect((await stateOf())[0]).toEqual(state);
    const epochs = await system.sql`SELECT FROM epochs WHERE auction_id = ${auction.auctionId}`;
    expect(epochs).toHaveLength(1);
    expect(await system.sql`SELECT FROM dead_letters`).toHaveLength(0);
  });

  test('SQL refuses to change or delete it', async () => {
    const auction = newAuction();
    const { auctionId } = auction;
    await system.startWorker();
    await system.publish([auction.create(), auction.cancel()]);
    await sealed(auctionId);
    const refusal = `the seal of auction ${auctionId} is final`;
    await expect(
      system.sql`UPDATE seals SET head = sha256('x') WHERE auction_id = ${auctionId}`,
    ).rejects.toThrow(refusal);
    await expect(system.sql`DELETE FROM seals WHERE auction_id = ${auctionId}`).rejects.toThrow(
      refusal,
    );
  });
});

describe('what Redis is told', () => {
  test('when it was sealed, and when it may be forgotten, by the clock of Redis', async () => {
    const auction = newAuction();
    const entries = [...auction.opening(2), auction.end()];
    await putInRedis(auction.auctionId, 1, auction.seq);
    await system.startWorker({ FORGET_AFTER_SECONDS: '600' });
    const from = Date.now();
    await system.publish(entries);
    const { auctionId } = auction;
    await until('told', async () => (await sealOf(auctionId))?.redis_answer === 'sealed');
    const sealedAt = await system.redisClient.hget(auctionKeys(1, auctionId).auction, 'sealedAt');
    expect(Number(sealedAt)).toBeGreaterThanOrEqual(from - 1_000);
    expect(Number(sealedAt)).toBeLessThanOrEqual(Date.now() + 1_000);
    const forgetAt = await system.redisClient.zscore(shardKeys(1).sealed, auctionId);
    expect(Number(forgetAt)).toBe(Number(sealedAt) + 600_000);
  });

  test('told again until Redis took it: while it is away the seal stands', async () => {
    const auction = newAuction();
    const { auctionId } = auction;
    await putInRedis(auctionId, 1, 2);
    await system.startWorker();
    await system.redis.kill();
    await system.publish([auction.create(), auction.cancel()]);
    await sealed(auctionId);
    expect((await sealOf(auctionId))?.redis_answer).toBeNull();
    await system.redis.start();
    await until('told', async () => (await sealOf(auctionId))?.redis_answer === 'sealed');
    expect(await system.redisClient.zscore(shardKeys(1).sealed, auctionId)).not.toBeNull();
  });

  test('an auction with other events than the seal is never let go; one that is gone is done', async () => {
    const differing = newAuction();
    const gone = newAuction();
    await putInRedis(differing.auctionId, 2, 9);
    await system.startWorker();
    await system.publish([differing.create(), differing.cancel(), gone.create(), gone.cancel()]);
    await until(
      'told',
      async () => (await sealOf(differing.auctionId))?.redis_answer === 'differs',
    );
    await until('told', async () => (await sealOf(gone.auctionId))?.redis_answer === 'gone');
    expect(await system.redisClient.zscore(shardKeys(1).sealed, differing.auctionId)).toBeNull();
  });
});
