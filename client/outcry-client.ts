/** Outcry over HTTP: auctions and bids at the gateway, finished business at the history API. */
import type {
  AuctionListQuery,
  AuctionRequest,
  AuctionView,
  BidReceipt,
  BidRequest,
  CallerView,
  ItemRequest,
  ItemView,
  OwnView,
  Page,
  PublicConfig,
  Role,
} from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  BidListQuery,
  HistoryListQuery,
  KeptNotices,
  Leaderboard,
  NextStep,
  LeaderboardQuery,
  OwnAuction,
  OwnAuctionsQuery,
  OwnBid,
  OwnData,
  Proof,
  ReadNotice,
  RecordEntry,
  Saved,
  SavedAuction,
  UserStats,
} from '@outcry/shared/contracts/history.ts';
import {
  isArchivedAuction,
  isArchivedAuctionPage,
  isArchivedBidPage,
  isAuction,
  isAuctionPage,
  isCaller,
  isDevToken,
  isItem,
  isKeptNotices,
  isLeaderboard,
  isNothing,
  isOwnAuction,
  isOwnAuctionPage,
  isOwnBidPage,
  isOwnData,
  isOwnName,
  isOwnView,
  isProof,
  isReceipt,
  isSaved,
  isNextStep,
  isRecordPage,
  isSavedAuctionPage,
  isUserStats,
  type DevToken,
  type OwnName,
} from './answers.ts';
import { HttpTransport, type CommandOptions } from './http-transport.ts';
import { pagesOf } from './pages.ts';
import { queryText, ServiceAddresses, type OutcryClientOptions } from './service-addresses.ts';

export type { DevToken };

export interface ReportOptions {
  /** Default: `csv`, with amounts as decimals; `json` has minor units. */
  readonly format?: 'csv' | 'json' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** For years of bids. */
const DATA_LIMIT_MS = 60_000;

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
  readonly #addresses: ServiceAddresses;

  constructor(options: OutcryClientOptions) {
    this.#http = new HttpTransport(options);
    this.#addresses = new ServiceAddresses(options, this.#http);
    this.#gateway = this.#addresses.gateway;
  }

  /** The public addresses of all services. */
  config(): Promise<PublicConfig> {
    return this.#addresses.config();
  }

  /** Whom the services take the caller for, and what the caller may do. */
  me(): Promise<CallerView> {
    return this.#http.get(`${this.#gateway}/v1/me`, isCaller);
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

  /** While the auction is scheduled, `maxAmount` leaves a maximum that counts at the start. */
  bid(auctionId: string, offer: BidRequest, options?: CommandOptions): Promise<BidReceipt> {
    return this.#http.post(`${this.#auctionUrl(auctionId)}/bids`, offer, isReceipt, options);
  }

  /** Takes back a maximum that was left before the start; `NO_ABSENTEE_BID` where there is none. */
  withdrawBid(auctionId: string): Promise<OwnView> {
    return this.#http.delete(`${this.#auctionUrl(auctionId)}/me`, isOwnView);
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

  /** Nobody may bid and time stands still until {@link resume}. @param reason what viewers read */
  pause(auctionId: string, reason: string, options?: CommandOptions): Promise<AuctionView> {
    const url = `${this.#auctionUrl(auctionId)}/pause`;
    return this.#http.post(url, { reason }, isAuction, options);
  }

  resume(auctionId: string, options?: CommandOptions): Promise<AuctionView> {
    return this.#http.post(`${this.#auctionUrl(auctionId)}/resume`, {}, isAuction, options);
  }

  /** The auction goes on as if this bidder's bids had not been made; for admins. */
  removeBidder(
    auctionId: string,
    alias: number,
    reason: string,
    options?: CommandOptions,
  ): Promise<AuctionView> {
    const url = `${this.#auctionUrl(auctionId)}/bidders/${alias}/remove`;
    return this.#http.post(url, { reason }, isAuction, options);
  }

  /** The auction as the archive has it, also long after the gateway has forgotten it. */
  async archivedAuction(auctionId: string): Promise<ArchivedAuction> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(url, isArchivedAuction);
  }

  /** One page of all auctions, open ones included; the newest first unless `sort` says otherwise. */
  async archivedAuctions(query: Partial<HistoryListQuery> = {}): Promise<Page<ArchivedAuction>> {
    const url = `${await this.#historyUrl()}/v1/history/auctions${queryText({ ...query })}`;
    return this.#http.get(url, isArchivedAuctionPage);
  }

  /** One page of an auction's bids; the oldest first unless `order` says otherwise. */
  async archivedBids(
    auctionId: string,
    query: Partial<BidListQuery> = {},
  ): Promise<Page<ArchivedBid>> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(`${url}/bids${queryText({ ...query })}`, isArchivedBidPage);
  }

  /** All pages of {@link archivedBids}, one after the other. */
  archivedBidPages(
    auctionId: string,
    query: Partial<BidListQuery> = {},
  ): AsyncGenerator<readonly ArchivedBid[], void, void> {
    return pagesOf((cursor) => this.archivedBids(auctionId, { ...query, cursor }), query.cursor);
  }

  /** What the caller, winner or seller of a sold auction, is to do now. */
  async nextStep(auctionId: string): Promise<NextStep> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(`${url}/next-step`, isNextStep);
  }

  /** Who managed the auction, how and why, oldest first; for its seller and admins. */
  async auctionRecord(auctionId: string, query: PageQuery = {}): Promise<Page<RecordEntry>> {
    const url = (await this.#historyUrl()) + archivePath(auctionId);
    return this.#http.get(`${url}/record${queryText({ ...query })}`, isRecordPage);
  }

  /** Where the proof of a sealed auction can be downloaded; without a token, for anyone. */
  async proofUrl(auctionId: string): Promise<string> {
    return `${(await this.#historyUrl()) + archivePath(auctionId)}/proof`;
  }

  /** The proof of a sealed auction, as a whole; see `docs/seal.md`. */
  async proof(auctionId: string): Promise<Proof> {
    return this.#http.get(await this.proofUrl(auctionId), isProof);
  }

  /** The caller's statistics; an admin may name any user. */
  async userStats(userId = 'me'): Promise<UserStats> {
    const url = `${await this.#historyUrl()}${userPath(userId)}/stats`;
    return this.#http.get(url, isUserStats);
  }

  /** One page of the caller's bids, newest first; an admin may name any user. */
  async userBids(query: PageQuery = {}, userId = 'me'): Promise<Page<OwnBid>> {
    const url = `${await this.#historyUrl()}${userPath(userId)}/bids`;
    return this.#http.get(url + queryText({ ...query }), isOwnBidPage);
  }

  /** One page of the auctions that the caller sells, open ones unless `list` says otherwise. */
  async ownAuctions(query: Partial<OwnAuctionsQuery> = {}): Promise<Page<OwnAuction>> {
    const url = `${await this.#historyUrl()}${userPath('me')}/auctions`;
    return this.#http.get(url + queryText({ ...query }), isOwnAuctionPage);
  }

  /** An auction that the caller sells, with all its terms. */
  async ownAuction(auctionId: string): Promise<OwnAuction> {
    const url = `${await this.#historyUrl()}${userPath('me')}/auctions`;
    return this.#http.get(`${url}/${encodeURIComponent(auctionId)}`, isOwnAuction);
  }

  /** One page of the auctions that the caller has saved, the last first. */
  async watchlist(query: PageQuery = {}): Promise<Page<SavedAuction>> {
    return this.#http.get(
      (await this.#watchlistUrl()) + queryText({ ...query }),
      isSavedAuctionPage,
    );
  }

  /** All pages of {@link watchlist}, one after the other. */
  watchlistPages(query: PageQuery = {}): AsyncGenerator<readonly SavedAuction[], void, void> {
    return pagesOf((cursor) => this.watchlist({ ...query, cursor }), query.cursor);
  }

  /** Saves an auction; refused with `WATCHLIST_FULL` beyond 500. */
  async saveAuction(auctionId: string): Promise<Saved> {
    const url = `${await this.#watchlistUrl()}/${encodeURIComponent(auctionId)}`;
    return this.#http.put(url, {}, isSaved);
  }

  /** Takes an auction out of the watchlist, if it is there. */
  async forgetAuction(auctionId: string): Promise<void> {
    const url = `${await this.#watchlistUrl()}/${encodeURIComponent(auctionId)}`;
    await this.#http.delete(url, isNothing);
  }

  /** What the caller is told on every device: outbid, won, ending soon; read or not. */
  async notices(): Promise<KeptNotices> {
    return this.#http.get(await this.#noticesUrl(), isKeptNotices);
  }

  /** Says that the caller has read these, at most 100. */
  async readNotices(items: readonly ReadNotice[]): Promise<void> {
    await this.#http.put(`${await this.#noticesUrl()}/read`, { items }, isNothing);
  }

  async leaderboard(query: Partial<LeaderboardQuery> = {}): Promise<Leaderboard> {
    const url = `${await this.#historyUrl()}/v1/leaderboard${queryText({ ...query })}`;
    return this.#http.get(url, isLeaderboard);
  }

  /** Chooses the name that the leaderboard shows of the caller; null takes it off. */
  async chooseName(name: string | null): Promise<OwnName> {
    return this.#http.put(`${await this.#historyUrl()}/v1/users/me/name`, { name }, isOwnName);
  }

  /**
   * Ends all sessions of the caller, this one too: within 3 s no service takes a token from before, and
   * live connections are closed. An admin may name any user.
   */
  async signOutEverywhere(userId = 'me'): Promise<void> {
    const url = `${await this.#historyUrl()}${userPath(userId)}/sessions`;
    await this.#http.delete(url, isNothing);
  }

  /** All that the archive has about the caller, as a whole; an admin may name any user. */
  async ownData(userId = 'me'): Promise<OwnData> {
    return this.#http.get(await this.ownDataUrl(userId), isOwnData, { timeoutMs: DATA_LIMIT_MS });
  }

  /** Where that can be downloaded, with the caller's token, however much it is. */
  async ownDataUrl(userId = 'me'): Promise<string> {
    return `${await this.#historyUrl()}${userPath(userId)}/data`;
  }

  /**
   * A report as it comes, however long it is: an auction's bids, a sale's results, or the caller's bids
   * or sales.
   * @throws OutcryError, also half-way: then the report is not complete
   */
  async *report(
    of: { readonly auctionId: string } | { readonly saleId: string } | 'own bids' | 'own sales',
    { format = 'csv', signal }: ReportOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    const accept = format === 'csv' ? 'text/csv' : 'application/json';
    if (typeof of === 'object' && 'saleId' in of) {
      const url = `${this.#gateway}/v1/sales/${encodeURIComponent(of.saleId)}/results`;
      yield* this.#http.stream(url, accept, signal);
      return;
    }
    const history = await this.#historyUrl();
    const path =
      typeof of === 'object'
        ? `${archivePath(of.auctionId)}/bids`
        : `${userPath('me')}/${of === 'own bids' ? 'bids' : 'sales'}`;
    yield* this.#http.stream(`${history}${path}/report`, accept, signal);
  }

  /**
   * Signs the caller out everywhere and deletes the account; an admin may name any user. Refused with
   * `ACCOUNT_IN_USE` while the user sells or leads in an open auction.
   */
  async deleteAccount(userId = 'me'): Promise<void> {
    await this.#http.delete(`${await this.#historyUrl()}${userPath(userId)}`, isNothing);
  }

  #auctionUrl(auctionId: string): string {
    return `${this.#gateway}/v1/auctions/${encodeURIComponent(auctionId)}`;
  }

  async #noticesUrl(): Promise<string> {
    return `${await this.#historyUrl()}${userPath('me')}/notices`;
  }

  async #watchlistUrl(): Promise<string> {
    return `${await this.#historyUrl()}${userPath('me')}/watchlist`;
  }

  #historyUrl(): Promise<string> {
    return this.#addresses.history();
  }
}

const userPath = (id: string): string => `/v1/users/${encodeURIComponent(id)}`;

const archivePath = (id: string): string => `/v1/history/auctions/${encodeURIComponent(id)}`;
