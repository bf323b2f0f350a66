/** Leaderboards against a recomputation from nothing but the archived events. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { LeaderboardQuery } from '@outcry/shared/contracts/history.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';

const SHOWN = 200;
/** A board is shared for 3 s, so it may be that old. */
const SHARED_FOR_MS = 5_000;
const ASK_AGAIN_MS = 200;

/** @returns one line for each figure that differs */
export async function checkLeaderboards(sql: Sql, historyUrl: string): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl: historyUrl, historyUrl });
  return [
    ...(await checkLeaderboard(client, 'bids', await bidTotals(sql))),
    ...(await checkLeaderboard(client, 'wins', await winTotals(sql, 'count(*)'))),
    ...(await checkLeaderboard(client, 'spent', await winTotals(sql, 'sum(price)'))),
  ];
}

const RECOUNTED = `
  counted_wins AS (
    SELECT last.auction_id, last.private::jsonb ->> 'leaderId' AS user_id,
           first.private::jsonb -> 'creation' ->> 'currency' AS currency,
           (last.public::jsonb -> 'state' ->> 'price')::bigint AS price, last.at
      FROM history_events AS last JOIN history_events AS first USING (auction_id)
     WHERE last.type IN ('ended', 'bought') AND first.type = 'scheduled'
       AND last.public::jsonb -> 'state' ->> 'outcome' = 'sold')`;

/** The auctions that count on the leaderboard: those that are over, by twenties. */
const SHOWN_AUCTIONS = `
  over AS (
    SELECT auction_id, count(*) OVER () AS auctions,
           row_number() OVER (ORDER BY max(at), auction_id) AS nth
      FROM history_events WHERE type IN ('ended', 'bought', 'cancelled') GROUP BY auction_id),
  shown_auctions AS (SELECT auction_id FROM over WHERE nth <= auctions - auctions % 20)`;

async function bidTotals(sql: Sql): Promise<number[]> {
  const rows = await sql.unsafe<{ value: number }[]>(`
    WITH ${SHOWN_AUCTIONS}
    SELECT count(*)::int AS value FROM history_events JOIN shown_auctions USING (auction_id)
     WHERE type IN ('bid', 'bought')
     GROUP BY user_id ORDER BY 1 DESC LIMIT ${SHOWN}`);
  return rows.map(({ value }) => coarse(value));
}

async function winTotals(sql: Sql, value: 'count(*)' | 'sum(price)'): Promise<number[]> {
  const rows = await sql.unsafe<{ value: number }[]>(`
    WITH ${SHOWN_AUCTIONS}, ${RECOUNTED}
    SELECT (${value})::float8 AS value FROM counted_wins JOIN shown_auctions USING (auction_id)
     GROUP BY user_id ORDER BY 1 DESC LIMIT ${SHOWN}`);
  return rows.map(({ value: each }) => coarse(each));
}

/** The highest of 1, 2, 5, 10, 20, 50 … that a positive number reaches. */
function coarse(value: number): number {
  const power = 10 ** (String(value).length - 1);
  const first = Math.floor(value / power);
  return (first >= 5 ? 5 : first >= 2 ? 2 : 1) * power;
}

async function checkLeaderboard(
  client: OutcryClient,
  by: LeaderboardQuery['by'],
  wanted: readonly number[],
): Promise<string[]> {
  const until = monotonicNow() + SHARED_FOR_MS;
  for (;;) {
    const { items } = await client.leaderboard({ by, window: 'all', limit: SHOWN });
    const shown = items.map(({ value }) => value);
    if (shown.length === wanted.length && shown.every((value, i) => value === wanted[i])) return [];
    if (monotonicNow() > until) return [`the leaderboard by ${by} is not what the events say`];
    await pause(ASK_AGAIN_MS);
  }
}
