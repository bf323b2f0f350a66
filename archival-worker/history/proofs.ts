/** Proofs of sealed auctions: everything public, and hashes of the rest. See docs/seal.md. */
import type { PageQuery, Proof, ProvenEvent } from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { AskHistory } from './ask-history.ts';
import { BY_POSITION, readPage } from './lists.ts';

/** What a proof begins with. */
export type Seal = Pick<Proof, 'head' | 'sealedAt' | 'count'>;

/** Undefined when the auction is not sealed. */
export async function sealOf(ask: AskHistory, auctionId: string): Promise<Seal | undefined> {
  const [row] = await ask<Seal[]>`
    SELECT encode(head, 'hex') AS head, sealed_at, seq AS count
      FROM seals
     WHERE auction_id = ${auctionId}`;
  return row;
}

export const provenEvents = (ask: AskHistory, auctionId: string, query: PageQuery) =>
  readPage<ProvenEvent & Position, ProvenEvent>(
    BY_POSITION,
    query,
    ({ behind, ordered, limit }) => ask<(ProvenEvent & Position)[]>`
      SELECT epoch, seq, public,
             encode(coalesce(hidden, sha256(convert_to(salt || private, 'UTF8'))), 'hex')
               AS private_hash
        FROM history_events
       WHERE auction_id = ${auctionId} ${behind}
       ${ordered} LIMIT ${limit}`,
    ({ public: text, privateHash }) => ({ public: text, privateHash }),
  );
