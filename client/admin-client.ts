/** What only admins do, besides what `OutcryClient` lets them do with auctions and users. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { DeadLetterView, RetriedDeadLetter } from '@outcry/shared/contracts/dead-letters.ts';
import type { AuctionBidder, FoundBid } from '@outcry/shared/contracts/history.ts';
import { having, isNothing, pageOf } from './answers.ts';
import { HttpTransport } from './http-transport.ts';
import type { PageQuery } from './outcry-client.ts';
import {
  queryText,
  ServiceAddresses,
  withoutSlash,
  type OutcryClientOptions,
} from './service-addresses.ts';

const isFoundBid = having<FoundBid>({ bidId: 'string', auctionId: 'string', userId: 'string' });

const isBidderPage = pageOf(having<AuctionBidder>({ alias: 'number', userId: 'string' }));

const isDeadLetterPage = pageOf(
  having<DeadLetterView>({ hash: 'string', reason: 'string', bytes: 'number' }),
);

const isRetried = having<RetriedDeadLetter>({ stored: 'number', kept: 'number' });

/** Storing a large letter takes its time. */
const RETRY_LIMIT_MS = 30_000;

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class AdminClient {
  readonly #http: HttpTransport;
  readonly #addresses: ServiceAddresses;

  constructor(options: OutcryClientOptions) {
    this.#http = new HttpTransport(options);
    this.#addresses = new ServiceAddresses(options, this.#http);
  }

  /** A bid by its id alone, with its bidder. */
  async findBid(bidId: string): Promise<FoundBid> {
    const url = `${await this.#addresses.history()}/v1/history/bids/${encodeURIComponent(bidId)}`;
    return this.#http.get(url, isFoundBid);
  }

  /** One page of who bids in an auction, by alias, with the users. */
  async bidders(auctionId: string, query: PageQuery = {}): Promise<Page<AuctionBidder>> {
    const path = `/v1/history/auctions/${encodeURIComponent(auctionId)}/bidders`;
    const url = (await this.#addresses.history()) + path;
    return this.#http.get(url + queryText({ ...query }), isBidderPage);
  }

  /** One page of the messages that could not be stored as events, the oldest first. */
  async deadLetters(query: PageQuery = {}): Promise<Page<DeadLetterView>> {
    return this.#http.get((await this.#lettersUrl()) + queryText({ ...query }), isDeadLetterPage);
  }

  /** Stores a dead letter again; `NOT_FOUND` where it is no dead letter any more. */
  async retryDeadLetter(hash: string): Promise<RetriedDeadLetter> {
    const url = `${await this.#lettersUrl()}/${encodeURIComponent(hash)}/retry`;
    return this.#http.post(url, {}, isRetried, { timeoutMs: RETRY_LIMIT_MS });
  }

  /** Takes out for good one that is no event; it is kept with who did it and this reason. */
  async discardDeadLetter(hash: string, reason: string): Promise<void> {
    const url = `${await this.#lettersUrl()}/${encodeURIComponent(hash)}/discard`;
    await this.#http.post(url, { reason }, isNothing);
  }

  /** Tells everybody who is connected. @param text at most 500 characters */
  async announce(text: string): Promise<void> {
    const { broadcastUrl } = await this.#addresses.config();
    await this.#http.post(`${withoutSlash(broadcastUrl)}/v1/announcements`, { text }, isNothing);
  }

  async #lettersUrl(): Promise<string> {
    return `${await this.#addresses.history()}/v1/history/dead-letters`;
  }
}
