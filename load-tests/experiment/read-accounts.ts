/** Asks Redis and Postgres what they have of a run's auctions, once the archive has caught up. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import connect from 'postgres';
import type { AcceptedBid } from './figures.ts';
import type { Accounts, ArchivedRow } from './reconcile.ts';
import { readRedisHeads, type RedisHead } from '../redis-heads.ts';

const ENDED_WITHIN_MS = 60_000;
const ARCHIVED_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 100;
const CONNECT_LIMIT_S = 5;
const QUERY_LIMIT_MS = 60_000;
const ROWS_AT_ONCE = 5_000;

export interface AccountsWish {
  readonly redis: Redis;
  readonly databaseUrl: string;
  readonly auctionIds: readonly string[];
  /** Whether all auctions end: then that is waited for. */
  readonly end: boolean;
  readonly acceptedBids: readonly AcceptedBid[];
}

/**
 * Waits until Redis was told that everything is archived, but no longer than a minute: what is
 * missing then is a fault that the reconciliation names.
 */
export async function readAccounts(wish: AccountsWish): Promise<Accounts[]> {
  const { redis, databaseUrl, auctionIds, end, acceptedBids } = wish;
  if (end) {
    await untilAll(wish, ({ status }) => status === 'ended', ENDED_WITHIN_MS);
  }
  await untilAll(wish, ({ seq, archivedSeq }) => archivedSeq === seq, ARCHIVED_WITHIN_MS);
  const heads = await readRedisHeads(redis, auctionIds);
  const rows = await readRows(databaseUrl, auctionIds);
  const answered = new Map<number, number[]>();
  for (const { auction, seq } of acceptedBids) {
    const known = answered.get(auction);
    if (known === undefined) answered.set(auction, [seq]);
    else known.push(seq);
  }
  return auctionIds.map((auctionId, i) => ({
    auctionId,
    answered: answered.get(i) ?? [],
    redisSeq: heads.get(auctionId)?.seq ?? 0,
    rows: rows.get(auctionId) ?? [],
  }));
}

/** Time over is no error here, see {@link readAccounts}. */
async function untilAll(
  { redis, auctionIds }: AccountsWish,
  good: (head: RedisHead) => boolean,
  withinMs: number,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const heads = await readRedisHeads(redis, auctionIds);
    if ([...heads.values()].every(good) || performance.now() > giveUpAt) return;
    await pause(ASK_AGAIN_MS);
  }
}

async function readRows(
  databaseUrl: string,
  auctionIds: readonly string[],
): Promise<Map<string, ArchivedRow[]>> {
  const sql = connect(databaseUrl, {
    max: 1,
    connect_timeout: CONNECT_LIMIT_S,
    connection: { statement_timeout: QUERY_LIMIT_MS },
  });
  const found = new Map(auctionIds.map((id) => [id, new Array<ArchivedRow>()]));
  try {
    const rows = sql<{ id: string; seq: string; bid: boolean }[]>`
      SELECT auction_id AS id, seq, type IN ('bid', 'no_change', 'bought') AS bid
        FROM history_events
       WHERE auction_id = ANY (${[...auctionIds]})
       ORDER BY auction_id, seq`;
    await rows.cursor(ROWS_AT_ONCE, (chunk) => {
      for (const { id, seq, bid } of chunk) found.get(id)?.push({ seq: Number(seq), bid });
    });
  } finally {
    await sql.end({ timeout: CONNECT_LIMIT_S });
  }
  return found;
}
