import type { Position } from '@outcry/shared/contracts/live.ts';
import type {
  HeldEvent,
  Holding,
  StoredAuction,
  StoredRow,
  VerifiedArchive,
} from '../../verify/ports.ts';
import { column } from './columns.ts';
import type { Database } from './database.ts';
import { faultsOfAuctions, faultsOfTotals, type StatisticsFault } from './statistics-check.ts';

/** The archive as `npm run verify` reads it. */
export const verifiedArchive = (database: Database): VerifiedArchive => ({
  async auctionIds(after: string, limit: number): Promise<readonly string[]> {
    const rows = await database.run(
      (sql) => sql<{ id: string }[]>`
        (SELECT id FROM auctions WHERE id > ${after} ORDER BY id LIMIT ${limit})
         UNION
        (SELECT auction_id FROM epochs WHERE auction_id > ${after} ORDER BY auction_id
          LIMIT ${limit})
         ORDER BY id
         LIMIT ${limit}`,
    );
    return rows.map(({ id }) => id);
  },

  async auction(auctionId: string): Promise<StoredAuction | undefined> {
    const [row] = await database.run(
      (sql) => sql<AuctionRow[]>`
        SELECT auctions.epoch, auctions.seq, status, outcome, price, minimum_bid AS "minimumBid",
               leader, leader_id AS "leaderId", bid_count AS "bidCount",
               reserve_met AS "reserveMet", ends_at AS "endsAt", archived_seq AS "archivedSeq",
               seals.epoch AS "sealEpoch", seals.seq AS "sealSeq", encode(head, 'hex') AS head,
               links
          FROM auctions LEFT JOIN seals ON seals.auction_id = auctions.id
         WHERE id = ${auctionId}`,
    );
    if (row === undefined) return undefined;
    const { endsAt, sealEpoch, sealSeq, head, links, ...auction } = row;
    const seal =
      sealEpoch === null || sealSeq === null || head === null || links === null
        ? null
        : { epoch: sealEpoch, seq: sealSeq, head, links };
    return { ...auction, endsAt: endsAt?.toISOString() ?? null, seal };
  },

  async rows(auctionId: string, after: Position, limit: number): Promise<readonly StoredRow[]> {
    const rows = await database.run(
      (sql) => sql<(Omit<StoredRow, 'at'> & { at: Date })[]>`
        SELECT epoch, seq, public AS "publicText", salt, private AS "privateText",
               encode(hidden, 'hex') AS hidden, encode(payload_hash, 'hex') AS "payloadHash", type, at,
               -- A deleted account's, whose name is still in the bytes and is to go.
               CASE WHEN user_id = deleted_user()
                    THEN coalesce((SELECT erasures.user_id
                                     FROM erasures
                                    WHERE erasures.auction_id = events.auction_id
                                      AND erasures.user_id = private::jsonb ->> 'userId'), user_id)
                    ELSE user_id END AS "userId",
               bid_id AS "bidId", alias, amount, events.fork,
               coalesce(seq > epochs.fork AND seq <= epochs.until_seq, false) AS "isHistory"
          FROM events LEFT JOIN epochs USING (auction_id, epoch)
         WHERE auction_id = ${auctionId} AND (epoch, seq) > (${after.epoch}, ${after.seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
    return rows.map((row) => Object.assign(row, { at: row.at.toISOString() }));
  },

  async holdings(events: readonly HeldEvent[]): Promise<readonly Holding[]> {
    if (events.length === 0) return [];
    const rows = await database.run(
      (sql) => sql<{ holding: Holding }[]>`
        SELECT CASE WHEN events.payload_hash = decode(given.payload_hash, 'hex') THEN 'same'
                    WHEN conflicts.seq IS NOT NULL THEN 'kept aside'
                    WHEN events.seq IS NULL THEN 'missing'
                    ELSE 'other' END AS holding
          FROM unnest(
            string_to_array(${column(events, (event) => event.auctionId)}, E'\n'),
            string_to_array(${column(events, (event) => event.epoch)}, E'\n')::bigint[],
            string_to_array(${column(events, (event) => event.seq)}, E'\n')::bigint[],
            string_to_array(${column(events, (event) => event.payloadHash)}, E'\n')
          ) WITH ORDINALITY AS given (auction_id, epoch, seq, payload_hash, n)
          LEFT JOIN events USING (auction_id, epoch, seq)
          LEFT JOIN conflicts
            ON (conflicts.auction_id, conflicts.epoch, conflicts.seq, conflicts.payload_hash)
             = (given.auction_id, given.epoch, given.seq, decode(given.payload_hash, 'hex'))
         ORDER BY n`,
    );
    return rows.map(({ holding }) => holding);
  },

  async isDeadLetter(payloadHash: string): Promise<boolean> {
    const rows = await database.run(
      (sql) => sql`
        SELECT FROM dead_letters WHERE payload_hash = decode(${payloadHash}, 'hex')
         UNION ALL
        SELECT FROM discarded_letters WHERE payload_hash = decode(${payloadHash}, 'hex')`,
    );
    return rows.length > 0;
  },

  async statisticsFaults(
    auctionIds: readonly string[],
  ): Promise<readonly { readonly auctionId: string; readonly what: string }[]> {
    const faults = await database.run((sql) => faultsOfAuctions(sql, auctionIds));
    return faults.map((fault) => ({ auctionId: fault.auctionId ?? '', what: faultText(fault) }));
  },

  async totalsFaults(): Promise<readonly string[]> {
    return (await database.run(faultsOfTotals)).map(faultText);
  },
});

const faultText = ({ table, row, stored, recounted }: StatisticsFault): string =>
  `${table}: ${row} is ${stored ?? 'not there'}, a recount gives ${recounted ?? 'nothing'}`;

type AuctionRow = Omit<StoredAuction, 'endsAt' | 'seal'> & {
  readonly endsAt: Date | null;
  readonly sealEpoch: number | null;
  readonly sealSeq: number | null;
  readonly head: string | null;
  readonly links: Uint8Array | null;
};
