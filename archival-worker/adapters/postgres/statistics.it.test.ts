/** Statistics stay exact whatever is delivered twice, late, out of order or superseded. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { seeded, shuffled } from '@outcry/shared/testing/seeded.ts';
import { TestSystem } from '../../testing/test-system.ts';
import { faultsOfAuctions, faultsOfTotals } from '../../verify/statistics-check.ts';
import { Database } from './database.ts';

const START_MS = Date.UTC(2026, 2, 1, 10, 50);

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(() => system.reset());
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

/** An auction of about an hour with forks in it, played to its end or not. */
function play(n: number, random: () => number): TestEntry[] {
  const auction = new TestAuction({
    auctionId: `a${n % 4}-statistics${n}`,
    startsAt: START_MS,
    stepMs: 60_000,
    startPrice: 1_000 + n,
  });
  const entries = [auction.create(), auction.start()];
  let removals = 0;
  const removeLeader = (): TestEntry => {
    removals += 1;
    return auction.remove(auction.state.leader ?? 0);
  };
  for (let i = 0; i < 25; i += 1) {
    if (random() < 0.12) {
      entries.push(auction.restart(2 + Math.floor(random() * (auction.seq - 1))));
    }
    // A user who was removed may not bid again: each bid is one of somebody new after that.
    const userId = `user-${Math.floor(random() * 6)}${removals === 0 ? '' : `-${removals}`}`;
    entries.push(auction.bid(userId, { amount: auction.minimumBid + 7 }));
    if (random() < 0.04) entries.push(removeLeader());
  }
  if (random() < 0.7) {
    entries.push(auction.end());
    if (random() < 0.3) entries.push(removeLeader());
  }
  if (random() < 0.2) entries.push(auction.restart(5), ...auction.minimumBids(3));
  return entries;
}

/** What the tables must hold, worked out here from the entries alone. */
class Model {
  readonly hours = new Map<string, string>();
  readonly bids = new Map<string, number>();
  readonly wins = new Map<string, { wins: number; spent: number }>();

  add(entries: readonly TestEntry[]): void {
    const history: { auctionId: string; shown: PublicEvent; hidden: PrivateEvent }[] = [];
    for (const line of entries.flatMap(({ text }) => text.split('\n'))) {
      const { auctionId, publicText, privateText } = splitEventLine(line);
      const shown = ownJson<PublicEvent>(publicText);
      const hidden = ownJson<PrivateEvent>(privateText);
      if (hidden.fork !== undefined) history.length = hidden.fork;
      history.push({ auctionId, shown, hidden });
    }
    const removed = new Set(history.map(({ shown }) => shown.bidder));
    for (const { auctionId, shown, hidden } of history) {
      const { userId = '' } = hidden;
      if (shown.bid === undefined || removed.has(shown.bid.alias)) continue;
      const key = `${auctionId} ${userId} ${shown.at.slice(0, 13)}`;
      const [count = '0', highest = '0'] = this.hours.get(key)?.split(' ') ?? [];
      this.hours.set(key, `${+count + 1} ${Math.max(+highest, shown.bid.amount)}`);
      this.bids.set(userId, (this.bids.get(userId) ?? 0) + 1);
    }
    const last = history.at(-1);
    if (last?.shown.state.outcome !== 'sold') return;
    const winner = last.hidden.leaderId ?? '';
    const { wins, spent } = this.wins.get(winner) ?? { wins: 0, spent: 0 };
    this.wins.set(winner, { wins: wins + 1, spent: spent + last.shown.state.price });
  }
}

async function storedHours(): Promise<Map<string, string>> {
  const rows = await system.sql<
    { auction_id: string; user_id: string; hour: Date; bids: string; highest: string }[]
  >`SELECT * FROM bid_hours`;
  return new Map(
    rows.map(({ auction_id: auctionId, user_id: userId, hour, bids, highest }) => [
      `${auctionId} ${userId} ${hour.toISOString().slice(0, 13)}`,
      `${bids} ${highest}`,
    ]),
  );
}

async function storedTotals() {
  const bids = await system.sql<{ user_id: string; bids: string }[]>`
    SELECT * FROM bidder_totals WHERE bids <> 0`;
  const wins = await system.sql<{ user_id: string; wins: string; spent: string }[]>`
    SELECT * FROM winner_totals WHERE wins <> 0 OR spent <> 0`;
  return {
    bids: new Map(bids.map((row) => [row.user_id, Number(row.bids)])),
    wins: new Map(
      wins.map((row) => [row.user_id, { wins: Number(row.wins), spent: Number(row.spent) }]),
    ),
  };
}

test.each([1, 2, 3])(
  'two workers, random order, repeats and forks give what the rows give (seed %i)',
  async (seed) => {
    const random = seeded(seed);
    const plays = Array.from({ length: 12 }, (_, n) => play(seed * 100 + n, random));
    const model = new Model();
    for (const entries of plays) model.add(entries);
    // An early event of each auction comes last: none is whole, and sealed, before all is there.
    const early = plays.flatMap((entries) => entries.slice(1, 2));
    const others = plays.flatMap((entries) => entries.toSpliced(1, 1));
    const again = others.filter(() => random() < 0.5);

    await system.publish(shuffled(others, random).slice(0, 100));
    await Promise.all([system.startWorker(), system.startWorker()]);
    const arriving = shuffled([...others, ...again], random);
    // Piece by piece, so that an epoch finds bids that an earlier transaction counted.
    for (let from = 0; from < arriving.length; from += 30) {
      await system.publish(arriving.slice(from, from + 30));
      await system.allAcknowledged();
    }
    await system.publish(early);
    await system.allAcknowledged();

    expect(await system.sql`SELECT FROM dead_letters`).toHaveLength(0);
    expect(await storedHours()).toEqual(model.hours);
    expect(await storedTotals()).toEqual({ bids: model.bids, wins: model.wins });
    expect(model.wins.size).toBeGreaterThan(0);
    expect(await faults(plays)).toEqual([]);
  },
);

test('the recount finds a row that somebody changed', async () => {
  const entries = play(1, () => 0.5);
  await system.startWorker();
  await system.publish(entries);
  await system.allAcknowledged();
  const auctionId = entries[0]?.auctionId ?? '';
  expect(await faults([entries])).toEqual([]);
  await system.sql`UPDATE bid_hours SET bids = bids + 1 WHERE auction_id = ${auctionId}`;
  await system.sql`UPDATE winner_totals SET spent = spent - 1`;
  const found = await faults([entries]);
  expect(new Set(found.map(({ what }) => what.split(':')[0]))).toEqual(
    new Set(['bid_hours', 'bidder_totals', 'winner_totals']),
  );
});

async function faults(plays: readonly (readonly TestEntry[])[]) {
  const options = { name: 'statistics-test', connections: 1, limitMs: 5_000 };
  const database = new Database(
    system.settings().DATABASE_URL,
    options,
    createLogger('test', 'silent'),
  );
  try {
    const ids = plays.flatMap(([first]) => (first === undefined ? [] : [first.auctionId]));
    return [...(await faultsOfAuctions(database, ids)), ...(await faultsOfTotals(database))];
  } finally {
    await database.close();
  }
}
