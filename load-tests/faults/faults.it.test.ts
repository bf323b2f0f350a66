/** Every fault under load, on one system: nothing is lost, doubled or altered. */
import type { Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { untilMarked } from '../accounts/accounts.ts';
import { errorText } from '../command-line.ts';
import { startFaultSystem, type Fault, type FaultSystem } from './fault-system.ts';
import { ALL_FAULTS } from './kinds.ts';
import { resultsText, runFault } from './run-fault.ts';

let system: FaultSystem;
/** Of all faults that went well. */
const auctionIds: string[] = [];

beforeAll(async () => {
  system = await startFaultSystem();
}, 120_000);
afterAll(() => system.system.bed.close());

test.each(ALL_FAULTS)('$name: $breaks', { timeout: LONG_TEST_MS }, async (fault) => {
  const result = await runFault(fault, system, SIZES.faults);
  auctionIds.push(...result.auctionIds);
  expect(result.complaints, resultsText([result])).toEqual([]);
});

test(
  'Redis is told of all that is archived, and it verifies',
  { timeout: LONG_TEST_MS },
  async () => {
    await untilMarked(system.system.redis, auctionIds);
    expect(await system.system.verify()).toEqual([]);
  },
);

const SHOWN_ON_BOARD = 200;
/** A board is shared for 3 s, so it may be that old. */
const SHARED_FOR_MS = 5_000;
/** The auctions that count on the leaderboard: those that are over, by twenties. */
const SHOWN_AUCTIONS = `
  WITH over AS (
    SELECT auction_id, count(*) OVER () AS auctions,
           row_number() OVER (ORDER BY max(at), auction_id) AS nth
      FROM history_events WHERE type IN ('ended', 'bought', 'cancelled') GROUP BY auction_id),
  shown AS (SELECT auction_id FROM over WHERE nth <= auctions - auctions % 20)`;
const wins = (value: string): string => `
  SELECT private::jsonb ->> 'leaderId' AS user_id, ${value} AS value
    FROM history_events JOIN shown USING (auction_id)
   WHERE type IN ('ended', 'bought') AND public::jsonb -> 'state' ->> 'outcome' = 'sold'`;
const COUNTED = {
  bids: `SELECT user_id, 1 AS value FROM history_events JOIN shown USING (auction_id)
          WHERE type IN ('bid', 'bought')`,
  wins: wins('1'),
  spent: wins("(public::jsonb -> 'state' ->> 'price')::bigint"),
};

/**
 * Leaderboards against a recomputation from nothing but the archived events.
 * @returns one line for each that differs
 */
async function checkLeaderboards(sql: Sql, historyUrl: string): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl: historyUrl, historyUrl });
  const complaints: string[] = [];
  for (const by of ['bids', 'wins', 'spent'] as const) {
    const rows = await sql.unsafe<{ value: number }[]>(`
      ${SHOWN_AUCTIONS}
      SELECT sum(value)::float8 AS value FROM (${COUNTED[by]}) AS counted
       GROUP BY user_id ORDER BY 1 DESC LIMIT ${SHOWN_ON_BOARD}`);
    const wanted = rows.map(({ value }) => coarse(value)).join();
    const isShown = async (): Promise<boolean> => {
      const { items } = await client.leaderboard({ by, window: 'all', limit: SHOWN_ON_BOARD });
      return items.map(({ value }) => value).join() === wanted;
    };
    const limit = { withinMs: SHARED_FOR_MS, everyMs: 200, what: by };
    await waitUntil(isShown, limit).catch((error: unknown) =>
      complaints.push(`the leaderboard by ${by} is not what the events say: ${errorText(error)}`),
    );
  }
  return complaints;
}

/** The highest of 1, 2, 5, 10, 20, 50 … that a positive number reaches. */
function coarse(value: number): number {
  const power = 10 ** (String(value).length - 1);
  const first = Math.floor(value / power);
  return (first >= 5 ? 5 : first >= 2 ? 2 : 1) * power;
}

test('leaderboards show what the events say', { timeout: LONG_TEST_MS }, async () => {
  const { system: whole } = system;
  const historyUrl = whole.url('archival-worker');
  expect(await whole.onPostgres((sql) => checkLeaderboards(sql, historyUrl))).toEqual([]);
});

/** Not one that must be survived: the archive itself is damaged, after everything has arrived. */
const damage: Fault = {
  name: 'damage',
  breaks: 'rows of the archive are changed',
  heals: 'nothing does',
  lasts: 'seconds',
  async begin({ system, bidders }) {
    const [first = '', second = '', third = ''] = bidders.auctionIds;
    return {
      heal: () => Promise.resolve(),
      check: async () => {
        await system.onPostgres(async (sql) => {
          await sql`DELETE FROM events WHERE auction_id = ${first} AND seq = 3`;
          await sql`
            UPDATE events SET private = replace(private, '"alias":', '"alias" :')
             WHERE auction_id = ${second} AND seq = 3`;
          await sql`UPDATE bid_hours SET bids = bids + 1 WHERE auction_id = ${third}`;
          await sql`UPDATE bidder_totals SET bids = bids + 1 WHERE user_id = 'bidder-7'`;
        });
        return [];
      },
    };
  },
};

// Later ones could not be good any more.
test('what is lost or altered is found', { timeout: LONG_TEST_MS }, async () => {
  const { lost, altered, complaints } = await runFault(damage, system, SIZES.faults);
  expect(lost).toBeGreaterThanOrEqual(1);
  expect(altered).toBeGreaterThanOrEqual(1);
  expect(complaints.join()).toMatch(/the row is missing/);
  expect(complaints.join()).toMatch(/the payload hash differs/);
  expect(complaints.join()).toMatch(/bid_hours: .* is \d+.*, a recount gives \d+/);
  expect(complaints.join()).toMatch(/bidder_totals: .* is \d+.*, a recount gives \d+/);
});
