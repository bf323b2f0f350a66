/** Random auctions of a few seconds, and what the clients together have learnt of them. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import type { HistoryAnswer } from './history.ts';
import type { SeededRandom } from './seeded-random.ts';

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

const OUT_OF_REACH = 10 ** 11;

/**
 * @param now ms since 1970; all times of the auction are near
 * @param stretch 1 for auctions of one to three seconds
 */
export function randomAuction(random: SeededRandom, now: number, stretch: number): AuctionRequest {
  const startPrice = random.pick([1, 100, 1_000, 9_950]);
  const reserve = random.weighted({ none: 5, low: 3, high: 2 });
  const reservePrice = reserve === 'high' ? OUT_OF_REACH : startPrice + random.integer(0, 20_000);
  const isBuyable = random.chance(0.3);
  // Prices run away quickly; only a buy-now before the first bid can meet its price.
  const buyNowPrice = Math.max(startPrice, reservePrice) + 50_000;
  const startsAt = now + (random.chance(0.3) ? random.integer(200, 800) * stretch : 0);
  const endsAt = startsAt + random.integer(1_000, 2_500) * stretch;
  const hardEndsAt = endsAt + random.integer(0, 1_500) * stretch;
  const softClose = { windowSeconds: 1, extendSeconds: 1, hardEndsAt: iso(hardEndsAt) };
  return {
    item: { title: 'A thing that many want' },
    currency: 'EUR',
    startPrice,
    ...(reserve === 'none' ? {} : { reservePrice }),
    ...(isBuyable && reserve !== 'high' ? { buyNowPrice } : {}),
    ...(startsAt === now ? {} : { startsAt: iso(startsAt) }),
    endsAt: iso(endsAt),
    softClose: random.chance(0.6) ? softClose : null,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
