/** Outcry over HTTP: auctions and bids at the gateway, finished business at the history API. */
import type {
  ArchivedAuction,
  ArchivedBid,
  AuctionListQuery,
  AuctionRequest,
  AuctionView,
  BidReceipt,
  BidRequest,
  ItemRequest,
  ItemView,
  OwnView,
  Page,
  PublicConfig,
  Role,
} from '@outcry/shared/contracts/api.ts';
import {
  isArchivedAuction,
  isArchivedBidPage,
  isAuction,
  isAuctionPage,
  isConfig,
  isDevToken,
  isItem,
  isOwnView,
  isReceipt,
  type DevToken,
} from './answers.ts';
import { HttpTransport, type CommandOptions, type TransportOptions } from './http-transport.ts';
import { pagesOf } from './pages.ts';

export type { DevToken };

export interface OutcryClientOptions extends TransportOptions {
  /** Where the gateway is, for instance `http://localhost:8080`. */
  readonly gatewayUrl: string;
  /** Where the history API is; asked of the gateway (`/v1/config`) when not given. */
  readonly historyUrl?: string | undefined;
}

export type AuctionQuery = Partial<AuctionListQuery>;

export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/**
 * Every method throws `OutcryError`. What may succeed on another try (503, 429, no answer) has
 * been tried again by then, with the same idempotency key. Amounts are integer minor units.
 */
export class OutcryClient {
  readonly #gateway: string;
  readonly #http: HttpTransport;
  #history: string | undefined;

  constructor(options: OutcryClientOptions) {
    this.#gateway = withoutSlash(options.gatewayUrl);
    this.#history = options.historyUrl === undefined ? undefined : withoutSlash(options.historyUrl);
    this.#http = new HttpTransport(options);
  }

  /** The public addresses of all services. */
  config(): Promise<PublicConfig> {
    return this.#http.get(`${this.#gateway}/v1/config`, isConfig);
  }

  /** A token for any user; only systems that run with `AUTH_MODE=dev` give these out. */
  devToken(userId: string, roles: readonly Role[]): Promise<DevToken> {
    return this.#http.post(`${this.#gateway}/v1/dev/tokens`, { userId, roles }, isDevToken);
  }

  createItem(request: ItemRequest, options?: CommandOptions): Promise<ItemView> {
    return this.#http.post(`${this.#gateway}/v1/items`, request, isItem, options);
  }

  item(itemId: string): Promise<ItemView> {
    return this.#http.get(`${this.#gateway}/v1/items/${encodeURIComponent(itemId)}`, isItem);
  }

  createAuction(request: AuctionRequest, options?: CommandOptions): Promise<AuctionView> {
    return this.#http.post(`${this.#gateway}/v1/auctions`, request, isAuction, options);
  }

  /** One page of auctions; live ones that end soon come first by default. */
  auctions(query: AuctionQuery = {}): Promise<Page<AuctionView>> {
    return this.#http.get(`${this.#gateway}/v1/auctions${queryText({ ...query })}`, isAuctionPage);
  }

  /** All pages of {@link auctions}, one after the other. */
  auctionPages(query: AuctionQuery = {}): AsyncGenerator<readonly AuctionView[], void, void> {
    return pagesOf((cursor) => this.auctions({ ...query, cursor }), query.cursor);
  }

  auction(auctionId: string): Promise<AuctionView> {
    return this.#http.get(this.#auctionUrl(auctionId), isAuction);
  }

  /** What only the caller may know of an auction: own alias, own maximum, whether leading. */
  own(auctionId: string): Promise<OwnView> {
    return this.#http.get(`${this.#auctionUrl(auctionId)}/me`, isOwnView);
  }

  bid(auctionId: string, offer: BidRequest, options?: CommandOptions): Promise<BidReceipt> {
    return this.#http.post(`${this.#auctionUrl(auctionId)}/bids`, offer, isReceipt, options);
  }

  buyNow(auctionId: string, options?: CommandOptions): Promise<BidReceipt> {
    return this.#http.post(`${this.#auctionUrl(auctionId)}/buy-now`, {}, isReceipt, options);
  }

  cancel(auctionId: string, options?: CommandOptions): Promise<AuctionView> {
    return this.#http.post(`${this.#auctionUrl(auctionId)}/cancel`, {}, isAuction, options);
  }

  /** @param endsAt the new end, as a date or ISO 8601 text */
  extend(auctionId: string, endsAt: Date | string, options?: CommandOptions): Promise<AuctionView> {
    const text = typeof endsAt === 'string' ? endsAt : endsAt.toISOString();
    return this.#http.post(
      `${this.#auctionUrl(auctionId)}/extend`,
      { endsAt: text },
      isAuction,
      options,
    );
  }

  /** The auction as the archive has it, also long after the gateway has forgotten it. */
  async archivedAuction(auctionId: string): Promise<ArchivedAuction> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(url, isArchivedAuction);
  }

  async archivedBids(auctionId: string, query: PageQuery = {}): Promise<Page<ArchivedBid>> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(`${url}/bids${queryText({ ...query })}`, isArchivedBidPage);
  }

  /** All pages of {@link archivedBids}, one after the other. */
  archivedBidPages(
    auctionId: string,
    query: PageQuery = {},
  ): AsyncGenerator<readonly ArchivedBid[], void, void> {
    return pagesOf((cursor) => this.archivedBids(auctionId, { ...query, cursor }), query.cursor);
  }

  #auctionUrl(auctionId: string): string {
    return `${this.#gateway}/v1/auctions/${encodeURIComponent(auctionId)}`;
  }

  async #historyUrl(): Promise<string> {
    this.#history ??= withoutSlash((await this.config()).historyUrl);
    return this.#history;
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

const archivePath = (id: string): string => `/v1/history/auctions/${encodeURIComponent(id)}`;

function queryText(query: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
