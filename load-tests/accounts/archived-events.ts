/** Reads what Postgres holds, past all of Outcry's own code. */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from 'postgres';

const ROWS_AT_ONCE = 2_000;
const ASK_AGAIN_MS = 50;

/** Where an auction stands: events are numbered 1, 2, 3 …, so many there are. */
export interface Head {
  readonly epoch: number;
  readonly seq: number;
}

/** One row of the view `history_events`. */
export interface ArchivedEvent {
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  /** Whether it is somebody's accepted bid. */
  readonly isBid: boolean;
  readonly userId: string | null;
  readonly bidId: string | null;
  readonly alias: number | null;
  /** The idempotency key of the command. */
  readonly key: string | null;
  /** The price after the event. */
  readonly price: number;
  /** sha256 of the line that the row's parts make, hex. */
  readonly lineHash: string;
  /** What the row itself says that is. */
  readonly statedHash: string;
}

interface Row {
  auction_id: string;
  epoch: string;
  seq: string;
  type: string;
  user_id: string | null;
  bid_id: string | null;
  alias: number | null;
  public: string;
  salt: string;
  private: string;
  payload_hash: Buffer;
}

/** All events of these auctions' histories, in order. */
export async function readArchivedEvents(
  sql: Sql,
  auctionIds: readonly string[],
): Promise<ArchivedEvent[]> {
  const found: ArchivedEvent[] = [];
  const rows = sql<Row[]>`
    SELECT auction_id, epoch, seq, type, user_id, bid_id, alias, public, salt, private, payload_hash
      FROM history_events
     WHERE auction_id = ANY (${[...auctionIds]})
     ORDER BY auction_id, seq`;
  await rows.cursor(ROWS_AT_ONCE, (chunk) => {
    for (const row of chunk) found.push(archivedEvent(row));
  });
  return found;
}

function archivedEvent(row: Row): ArchivedEvent {
  const line =
    `{"v":1,"auctionId":"${row.auction_id}","public":${row.public}` +
    `,"salt":"${row.salt}","private":${row.private}}`;
  const shown = JSON.parse(row.public) as { state: { price: number } };
  const secret = JSON.parse(row.private) as { key?: string };
  return {
    auctionId: row.auction_id,
    epoch: Number(row.epoch),
    seq: Number(row.seq),
    isBid: ['bid', 'no_change', 'bought'].includes(row.type),
    userId: row.user_id,
    bidId: row.bid_id,
    alias: row.alias,
    key: secret.key ?? null,
    price: shown.state.price,
    lineHash: hash('sha256', line, 'hex'),
    statedHash: row.payload_hash.toString('hex'),
  };
}

/**
 * Waits until the archive says that it has everything up to these heads.
 *
 * @returns the auctions of which something was still missing when the time was over
 * @throws the signal's reason
 */
export async function untilArchived(
  sql: Sql,
  heads: ReadonlyMap<string, Head>,
  { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<string[]> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const archived = await readArchivedHeads(sql, [...heads.keys()]);
    const missing = [...heads].filter(([id, { epoch, seq }]) => {
      const has = archived.get(id);
      return has === undefined || has.epoch < epoch || (has.epoch === epoch && has.seq < seq);
    });
    if (missing.length === 0 || performance.now() > giveUpAt) return missing.map(([id]) => id);
    await pause(ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Up to where the archive says it has all of each auction. */
export async function readArchivedHeads(
  sql: Sql,
  auctionIds: readonly string[],
): Promise<Map<string, Head>> {
  const rows = await sql<{ id: string; archived_epoch: string; archived_seq: string }[]>`
    SELECT id, archived_epoch, archived_seq FROM auctions WHERE id = ANY (${[...auctionIds]})`;
  return new Map(
    rows.map((row) => [
      row.id,
      { epoch: Number(row.archived_epoch), seq: Number(row.archived_seq) },
    ]),
  );
}

/**
 * What should not be there of these auctions, or only as expected.
 * @param goneBids of these, some may be kept as part of an epoch that was superseded
 */
export async function readOddities(
  sql: Sql,
  auctionIds: readonly string[],
  goneBids: readonly string[],
) {
  const ids = [...auctionIds];
  const [row] = await sql<
    { superseded: number; supersededBids: number; conflicts: number; deadLetters: number }[]
  >`
    SELECT (SELECT count(*) FROM events WHERE auction_id = ANY (${ids}))::int
         - (SELECT count(*) FROM history_events WHERE auction_id = ANY (${ids}))::int AS superseded,
           (SELECT count(DISTINCT bid_id) FROM events
             WHERE bid_id = ANY (${[...goneBids]}))::int AS "supersededBids",
           (SELECT count(*) FROM conflicts WHERE auction_id = ANY (${ids}))::int AS conflicts,
           (SELECT count(*) FROM dead_letters WHERE auction_id = ANY (${ids}))::int AS "deadLetters"`;
  if (row === undefined) throw new Error('Postgres counts nothing');
  return row;
}
