import type { Holding, StoredAuction, StoredRow, VerifiedArchive } from '../../verify/ports.ts';
import { column } from './columns.ts';
import type { Database } from './database.ts';
import { faultsOfAuctions, faultsOfTotals, type StatisticsFault } from './statistics-check.ts';

/** The archive as `npm run verify` reads it. */
export const verifiedArchive = (database: Database): VerifiedArchive => ({
  async auctionIds(after, limit) {
    const rows = await database.ask<{ id: string }[]>`
      (SELECT id FROM auctions WHERE id > ${after} ORDER BY id LIMIT ${limit})
       UNION
      (SELECT auction_id FROM epochs WHERE auction_id > ${after} ORDER BY auction_id
        LIMIT ${limit})
       ORDER BY id
       LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  },

  async auction(auctionId) {
    const [row] = await database.ask<AuctionRow[]>`
      SELECT auctions.epoch, auctions.seq, status, outcome, price, minimum_bid, leader, leader_id,
             bid_count, reserve_met, ends_at, archived_seq, seals.epoch AS seal_epoch,
             seals.seq AS seal_seq, encode(head, 'hex') AS head, links
        FROM auctions LEFT JOIN seals ON seals.auction_id = auctions.id
       WHERE id = ${auctionId}`;
    if (row === undefined) return undefined;
    const { sealEpoch, sealSeq, head, links, ...auction } = row;
    const seal =
      sealEpoch === null || sealSeq === null || head === null || links === null
        ? null
        : { epoch: sealEpoch, seq: sealSeq, head, links };
    return { ...auction, seal };
  },

  rows: (auctionId, after, limit) =>
    database.ask<StoredRow[]>`
      SELECT epoch, seq, public AS public_text, salt, private AS private_text,
             encode(hidden, 'hex') AS hidden, encode(payload_hash, 'hex') AS payload_hash, type, at,
             -- A deleted account's, whose name is still in the bytes and is to go.
             CASE WHEN user_id = deleted_user()
                  THEN coalesce((SELECT erasures.user_id
                                   FROM erasures
                                  WHERE erasures.auction_id = events.auction_id
                                    AND erasures.user_id = private::jsonb ->> 'userId'), user_id)
                  ELSE user_id END AS user_id,
             bid_id, alias, amount, events.fork,
             coalesce(seq > epochs.fork AND seq <= epochs.until_seq, false) AS is_history
        FROM events LEFT JOIN epochs USING (auction_id, epoch)
       WHERE auction_id = ${auctionId} AND (epoch, seq) > (${after.epoch}, ${after.seq})
       ORDER BY epoch, seq
       LIMIT ${limit}`,

  async holdings(events) {
    if (events.length === 0) return [];
    const rows = await database.ask<{ holding: Holding }[]>`
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
       ORDER BY n`;
    return rows.map(({ holding }) => holding);
  },

  async isDeadLetter(payloadHash) {
    const rows = await database.ask`
      SELECT FROM dead_letters WHERE payload_hash = decode(${payloadHash}, 'hex')
       UNION ALL
      SELECT FROM discarded_letters WHERE payload_hash = decode(${payloadHash}, 'hex')`;
    return rows.length > 0;
  },

  async statisticsFaults(auctionIds) {
    const faults = await faultsOfAuctions(database, auctionIds);
    return faults.map((fault) => ({ auctionId: fault.auctionId, what: faultText(fault) }));
  },

  async totalsFaults() {
    return (await faultsOfTotals(database)).map(faultText);
  },
});

const faultText = ({ table, row, stored, recounted }: StatisticsFault): string =>
  `${table}: ${row} is ${stored ?? 'not there'}, a recount gives ${recounted ?? 'nothing'}`;

type AuctionRow = Omit<StoredAuction, 'seal'> & {
  readonly sealEpoch: number | null;
  readonly sealSeq: number | null;
  readonly head: string | null;
  readonly links: Uint8Array | null;
};
