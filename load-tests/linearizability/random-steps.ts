/** What one client does next: drawn from its own random numbers, aimed at what is known. */
import type { HistoryAnswer, HistoryRequest } from './history.ts';
import type { KnownAuction } from './known-auctions.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Step {
  readonly auctionId: string;
  readonly request: HistoryRequest;
  /** '' for none. */
  readonly key: string;
  /** Sent to both gateways at the same time; only with a key. */
  readonly isDoubled: boolean;
  /** The client closes the connection this long after sending; undefined: it waits. */
  readonly dropAfterMs: number | undefined;
}

const BIDDER = { bid: 60, raise: 9, buy: 1, read: 11, me: 3, retry: 15, extend: 1, cancel: 0 };
const SELLER = { bid: 10, raise: 0, buy: 1, read: 24, me: 0, retry: 15, extend: 49, cancel: 1 };
/** How often a bidder tries to buy where no bid is known; the first bid ends that. */
const BUYS_BEFORE_BIDS = 0.2;
/** A client repeats one of its latest commands with a key. */
const MAX_REMEMBERED = 24;
const MAX_DROP_AFTER_MS = 12;

export class RandomSteps {
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #isSeller: boolean;
  readonly #remembered: Step[] = [];
  readonly #highest = new Map<string, number>();
  #keys = 0;
  /** The auction that the client last knew itself to lead. */
  #led: string | undefined;

  /** @param name unique within the run; keys are made of it */
  constructor(random: SeededRandom, name: string, isSeller: boolean) {
    this.#random = random;
    this.#name = name;
    this.#isSeller = isSeller;
  }

  /** A pause before the next step, of at most this length. */
  pauseMs(longest: number): number {
    return this.#random.integer(0, longest);
  }

  /** True now and then: whether to go to the other gateway this time. */
  goesElsewhere(): boolean {
    return this.#random.chance(0.3);
  }

  next(auctions: readonly KnownAuction[]): Step {
    const kind = this.#random.weighted(this.#isSeller ? SELLER : BIDDER);
    if (kind === 'retry' && this.#remembered.length > 0) return this.#retry();
    const led = kind === 'raise' ? auctions.find(({ id }) => id === this.#led) : undefined;
    const auction = led ?? this.#choose(auctions);
    const request = this.#request(kind, auction);
    const isView = request.kind === 'read' || request.kind === 'me';
    const step: Step = {
      auctionId: auction.id,
      request,
      key: isView || this.#random.chance(0.4) ? '' : this.#newKey(),
      isDoubled: this.#random.chance(0.04),
      dropAfterMs: this.#dropAfterMs(),
    };
    if (step.key !== '') {
      this.#remembered.push(step);
      if (this.#remembered.length > MAX_REMEMBERED) this.#remembered.shift();
    }
    return step;
  }

  /** Takes note of an answer to a step. */
  heard({ auctionId }: Step, { body }: HistoryAnswer): void {
    if (body['result'] === 'leading') this.#led = auctionId;
  }

  /** Some auctions are much wanted; those that are over are still asked now and then. */
  #choose(auctions: readonly KnownAuction[]): KnownAuction {
    const open = auctions.filter(({ isOver }) => !isOver);
    const from = open.length === 0 || this.#random.chance(0.08) ? auctions : open;
    const place = Math.floor(this.#random.next() ** 2 * from.length);
    return from[place] ?? this.#random.pick(from);
  }

  #request(kind: keyof typeof SELLER, auction: KnownAuction): HistoryRequest {
    switch (kind) {
      case 'retry':
      case 'bid': {
        const isFresh = auction.minimumBid === auction.startPrice;
        if (isFresh && this.#random.chance(BUYS_BEFORE_BIDS)) return { kind: 'buy' };
        return this.#offer(auction.id, this.#aimedAt(auction.minimumBid));
      }
      case 'raise':
        return this.#raise(auction);
      case 'extend': {
        const later = auction.endsAt + this.#random.integer(-100, 300);
        return { kind, endsAt: new Date(Math.min(later, auction.latestEnd)).toISOString() };
      }
      default:
        return { kind };
    }
  }

  #aimedAt(minimumBid: number): number {
    const random = this.#random;
    switch (random.weighted({ below: 14, exactly: 32, above: 34, farAbove: 20 })) {
      case 'below':
        return Math.max(1, minimumBid - random.pick([1, 1, random.integer(2, 200)]));
      case 'exactly':
        return minimumBid;
      case 'above':
        return minimumBid + random.integer(1, 500);
      case 'farAbove':
        return minimumBid + random.integer(500, 20_000);
    }
  }

  /** Something about the own highest offer, which counts if this client still leads. */
  #raise(auction: KnownAuction): HistoryRequest {
    const own = this.#highest.get(auction.id) ?? auction.minimumBid;
    return this.#offer(auction.id, Math.max(1, own + this.#random.integer(-50, 2_000)));
  }

  #offer(auctionId: string, amount: number): HistoryRequest {
    this.#highest.set(auctionId, Math.max(amount, this.#highest.get(auctionId) ?? 0));
    return this.#random.chance(0.5) ? { kind: 'bid', amount } : { kind: 'bid', maxAmount: amount };
  }

  /** The same command again, whatever became of it; sometimes with another request. */
  #retry(): Step {
    const earlier = this.#random.pick(this.#remembered);
    const isChanged = this.#random.chance(0.12);
    const request = isChanged ? changed(earlier.request) : earlier.request;
    return { ...earlier, request, isDoubled: false, dropAfterMs: this.#dropAfterMs() };
  }

  #dropAfterMs(): number | undefined {
    if (!this.#random.chance(0.08)) return undefined;
    return this.#random.chance(0.3) ? 0 : this.#random.integer(1, MAX_DROP_AFTER_MS);
  }

  #newKey(): string {
    this.#keys += 1;
    return `${this.#name}-${this.#keys}`;
  }
}

function changed(request: HistoryRequest): HistoryRequest {
  if (request.kind !== 'bid') return { kind: 'bid', amount: 10_000 };
  return 'amount' in request
    ? { kind: 'bid', maxAmount: request.amount }
    : { kind: 'bid', maxAmount: request.maxAmount + 1 };
}
