import type { Position } from '@outcry/shared/contracts/live.ts';
import type { PlacedProof, ProofStore, SealedHead } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';

export const proofStore = (read: ReadHistory): ProofStore => ({
  async seal(auctionId: string): Promise<SealedHead | undefined> {
    const [row] = await read(
      (sql) => sql<{ head: string; sealed_at: Date; seq: number }[]>`
        SELECT encode(head, 'hex') AS head, sealed_at, seq
          FROM seals
         WHERE auction_id = ${auctionId}`,
    );
    if (row === undefined) return undefined;
    return { head: row.head, sealedAt: row.sealed_at.toISOString(), count: row.seq };
  },

  events(auctionId: string, after: Position, limit: number): Promise<readonly PlacedProof[]> {
    return read(
      (sql) => sql<PlacedProof[]>`
        SELECT epoch, seq, public,
               encode(coalesce(hidden, sha256(convert_to(salt || private, 'UTF8'))), 'hex')
                 AS "privateHash"
          FROM history_events
         WHERE auction_id = ${auctionId} AND (epoch, seq) > (${after.epoch}, ${after.seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
  },
});
