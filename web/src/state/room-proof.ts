/** The proof of the room's auction: fetched and checked when the reader asks for it. */
import { signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OwnBid } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type { BidList } from './bid-list.ts';
import { checkProof, type ProofReport } from './check-proof.ts';
import { problemOf } from './problem-of.ts';
import { asUser, session } from './session.ts';

export type ProofCheck =
  /** `impossible`: the browser calculates no hashes on this page, as it did not come over https. */
  | { readonly phase: 'unasked' | 'checking' | 'impossible' }
  | { readonly phase: 'failed'; readonly problem: Problem }
  | {
      readonly phase: 'checked';
      readonly report: ProofReport;
      readonly head: string;
      readonly sealedAt: string;
      readonly downloadUrl: string;
    };

const PAGE_SIZE = 200;
/** Own bids of all auctions come in one list; so many pages are searched for those of this one. */
const MAX_PAGES = 10;

export class RoomProof {
  readonly check = signal<ProofCheck>({ phase: 'unasked' });
  readonly #client: OutcryClient;

  constructor(client: OutcryClient) {
    this.#client = client;
  }

  /** @param bids those that the page shows */
  async run(auction: AuctionView, bids: BidList): Promise<void> {
    if (this.check.peek().phase === 'checking') return;
    if (!isSecureContext) {
      this.check.value = { phase: 'impossible' };
      return;
    }
    this.check.value = { phase: 'checking' };
    try {
      const [proof, ownBids, downloadUrl] = await Promise.all([
        this.#client.proof(auction.id),
        this.#ownBids(auction),
        this.#client.proofUrl(auction.id),
      ]);
      const report = await checkProof(proof, { id: auction.id, state: auction, bids, ownBids });
      const { head, sealedAt } = proof;
      this.check.value = { phase: 'checked', report, head, sealedAt, downloadUrl };
    } catch (error) {
      this.check.value = { phase: 'failed', problem: problemOf(error) };
    }
  }

  async #ownBids({ id, startsAt }: AuctionView): Promise<readonly OwnBid[]> {
    if (session.peek() === null) return [];
    const found: OwnBid[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query = { limit: PAGE_SIZE, cursor };
      const { items, nextCursor } = await asUser(this.#client, () => this.#client.userBids(query));
      found.push(...items.filter(({ auctionId }) => auctionId === id));
      const oldest = items.at(-1);
      // Newest first: before the auction's start there is nothing to find.
      if (nextCursor === null || (oldest !== undefined && oldest.at < startsAt)) break;
      cursor = nextCursor;
    }
    return found;
  }
}
