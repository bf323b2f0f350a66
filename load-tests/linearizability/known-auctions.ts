/** What the clients together have learnt of the auctions, so that their bids aim near the price. */
import type { HistoryAnswer } from './history.ts';

export interface KnownAuction {
  readonly id: string;
  readonly startPrice: number;
  readonly minimumBid: number;
  /** Extending beyond this would make the run too long; ms since 1970. */
  readonly latestEnd: number;
  /** ms since 1970. */
  readonly endsAt: number;
  readonly isOver: boolean;
}

export class KnownAuctions {
  readonly #auctions: Map<string, KnownAuction>;

  constructor(auctions: readonly KnownAuction[]) {
    this.#auctions = new Map(auctions.map((auction) => [auction.id, auction]));
  }

  get all(): KnownAuction[] {
    return [...this.#auctions.values()];
  }

  get areAllOver(): boolean {
    return this.all.every(({ isOver }) => isOver);
  }

  /** Takes over what an answer says; it may be old news, which only makes bids miss. */
  learn(id: string, { body }: HistoryAnswer): void {
    const known = this.#auctions.get(id);
    if (known === undefined) return;
    const { code, status, minimumBid, endsAt } = body;
    this.#auctions.set(id, {
      ...known,
      minimumBid: typeof minimumBid === 'number' ? minimumBid : known.minimumBid,
      endsAt: typeof endsAt === 'string' ? Date.parse(endsAt) : known.endsAt,
      isOver: known.isOver || isEnd(code) || isEnd(status),
    });
  }
}

const ENDS = new Set<unknown>(['AUCTION_ENDED', 'AUCTION_CANCELLED', 'ended', 'cancelled']);
const isEnd = (word: unknown): boolean => ENDS.has(word);
