/** Leaderboards against a recomputation from nothing but the archived events. */
import type { Sql } from 'postgres';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { errorText } from '../command-line.ts';

const SHOWN = 200;
/** A board is shared for 3 s, so it may be that old. */
const SHARED_FOR_MS = 5_000;
const ASK_AGAIN_MS = 200;

/** The auctions that count on the leaderboard: those that are over, by twenties. */
const SHOWN_AUCTIONS = `
  WITH over AS (
    SELECT auction_id, count(*) OVER () AS auctions,
           row_number() OVER (ORDER BY max(at), auction_id) AS nth
      FROM history_events WHERE type IN ('ended', 'bought', 'cancelled') GROUP BY auction_id),
  shown AS (SELECT auction_id FROM over WHERE nth <= auctions - auctions % 20)`;
const BIDS = `
  SELECT user_id, 1 AS value FROM history_events JOIN shown USING (auction_id)
   WHERE type IN ('bid', 'bought')`;
const wins = (value: string): string => `
  SELECT private::jsonb ->> 'leaderId' AS user_id, ${value} AS value
    FROM history_events JOIN shown USING (auction_id)
   WHERE type IN ('ended', 'bought') AND public::jsonb -> 'state' ->> 'outcome' = 'sold'`;
const COUNTED = {
  bids: BIDS,
  wins: wins('1'),
  spent: wins("(public::jsonb -> 'state' ->> 'price')::bigint"),
};

/** @returns one line for each figure that differs */
export async function checkLeaderboards(sql: Sql, historyUrl: string): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl: historyUrl, historyUrl });
  const complaints: string[] = [];
  for (const by of ['bids', 'wins', 'spent'] as const) {
    const rows = await sql.unsafe<{ value: number }[]>(`
      ${SHOWN_AUCTIONS}
      SELECT sum(value)::float8 AS value FROM (${COUNTED[by]}) AS counted
       GROUP BY user_id ORDER BY 1 DESC LIMIT ${SHOWN}`);
    const wanted = rows.map(({ value }) => coarse(value)).join();
    const isShown = async (): Promise<boolean> => {
      const { items } = await client.leaderboard({ by, window: 'all', limit: SHOWN });
      return items.map(({ value }) => value).join() === wanted;
    };
    const limit = { withinMs: SHARED_FOR_MS, everyMs: ASK_AGAIN_MS, what: by };
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
