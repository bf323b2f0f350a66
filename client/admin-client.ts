/** What only admins do, besides what `OutcryClient` lets them do with auctions and users. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { DeadLetterView, RetriedDeadLetter } from '@outcry/shared/contracts/dead-letters.ts';
import type { AuctionBidder, FoundBid } from '@outcry/shared/contracts/history.ts';
import { having, isNothing, pageOf } from './answers.ts';
import type { PageQuery } from './outcry-client.ts';
import { Services, type OutcryClientOptions } from './services.ts';

const isFoundBid = having<FoundBid>({ bidId: 'string', auctionId: 'string', userId: 'string' });

const isBidderPage = pageOf(having<AuctionBidder>({ alias: 'number', userId: 'string' }));

const isDeadLetterPage = pageOf(
  having<DeadLetterView>({ hash: 'string', reason: 'string', bytes: 'number' }),
);

const isRetried = having<RetriedDeadLetter>({ stored: 'number', kept: 'number' });

const DEAD_LETTERS = '/v1/history/dead-letters';

/** Storing a large letter takes its time. */
const RETRY_LIMIT_MS = 30_000;

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class AdminClient {
  readonly #services: Services;

  constructor(options: OutcryClientOptions) {
    this.#services = new Services(options);
  }

  /** A bid by its id alone, with its bidder. */
  findBid(bidId: string): Promise<FoundBid> {
    const path = `/v1/history/bids/${encodeURIComponent(bidId)}`;
    return this.#services.history.get(path, isFoundBid);
  }

  /** One page of who bids in an auction, by alias, with the users. */
  bidders(auctionId: string, query: PageQuery = {}): Promise<Page<AuctionBidder>> {
    const path = `/v1/history/auctions/${encodeURIComponent(auctionId)}/bidders`;
    return this.#services.history.get(path, isBidderPage, query);
  }

  /** One page of the messages that could not be stored as events, the oldest first. */
  deadLetters(query: PageQuery = {}): Promise<Page<DeadLetterView>> {
    return this.#services.history.get(DEAD_LETTERS, isDeadLetterPage, query);
  }

  /** Stores a dead letter again; `NOT_FOUND` where it is no dead letter any more. */
  retryDeadLetter(hash: string): Promise<RetriedDeadLetter> {
    const path = `${DEAD_LETTERS}/${encodeURIComponent(hash)}/retry`;
    return this.#services.history.post(path, {}, isRetried, { timeoutMs: RETRY_LIMIT_MS });
  }

  /** Takes out for good one that is no event; it is kept with who did it and this reason. */
  discardDeadLetter(hash: string, reason: string): Promise<void> {
    const path = `${DEAD_LETTERS}/${encodeURIComponent(hash)}/discard`;
    return this.#services.history.post(path, { reason }, isNothing);
  }

  /** Tells everybody who is connected. @param text at most 500 characters */
  announce(text: string): Promise<void> {
    return this.#services.broadcaster.post('/v1/announcements', { text }, isNothing);
  }
}
