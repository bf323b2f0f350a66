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
import { having, isAuction, isAuctionPage, isNothing, pageOf } from './answers.ts';
import type { CommandOptions, HttpTransport } from './http-transport.ts';
import { pagesOf } from './pages.ts';
import { Services, type OutcryClientOptions } from './services.ts';

/** The answer to `POST /v1/dev/tokens`. */
export interface DevToken {
  readonly token: string;
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string;
  /** Seconds from the answer on. The caller's own clock may be wrong by days: count by this. */
  readonly expiresIn: number;
}

/** The answer to `PUT /v1/users/me/name`. */
export interface OwnName {
  readonly userId: string;
  readonly name: string | null;
}

export interface ReportOptions {
  /** Default: `csv`, with amounts as decimals; `json` has minor units. */
  readonly format?: 'csv' | 'json' | undefined;
  readonly signal?: AbortSignal | undefined;
}

const isCaller = having<CallerView>({ id: 'string', roles: 'object' });

const isDevToken = having<DevToken>({
  token: 'string',
  expiresAt: 'string',
  expiresIn: 'number',
});

const isItem = having<ItemView>({ id: 'string', title: 'string' });

const isOwnView = having<OwnView>({ leading: 'boolean', bidCount: 'number' });

const isReceipt = having<BidReceipt>({
  bidId: 'string',
  epoch: 'number',
  seq: 'number',
  result: 'string',
  price: 'number',
});

const isArchivedAuction = having<ArchivedAuction>({
  id: 'string',
  status: 'string',
  price: 'number',
  archivedSeq: 'number',
});

const isArchivedBidPage = pageOf(
  having<ArchivedBid>({ epoch: 'number', seq: 'number', at: 'string', amount: 'number' }),
);

const isRecordPage = pageOf(
  having<RecordEntry>({ epoch: 'number', seq: 'number', at: 'string', type: 'string' }),
);

/** Its members may be null. */
const isNextStep = having<NextStep>({});

const isArchivedAuctionPage = pageOf(isArchivedAuction);

/** Its terms may be null. */
const isOwnAuction = having<OwnAuction>({
  id: 'string',
  status: 'string',
  price: 'number',
  archivedSeq: 'number',
});

const isOwnAuctionPage = pageOf(isOwnAuction);

const isSavedAuctionPage = pageOf(
  having<SavedAuction>({ id: 'string', status: 'string', price: 'number', savedAt: 'string' }),
);

const isKeptNotices = having<KeptNotices>({ items: 'object' });

const isSaved = having<Saved>({ auctionId: 'string', savedAt: 'string' });

const isProof = having<Proof>({ head: 'string', sealedAt: 'string', events: 'object' });

const isOwnBidPage = pageOf(having<OwnBid>({ auctionId: 'string', bidId: 'string', at: 'string' }));

const isOwnData = having<OwnData>({ userId: 'string', bids: 'object' });

const isUserStats = having<UserStats>({ name: 'string', bids: 'number', money: 'object' });

const isLeaderboard = having<Leaderboard>({ by: 'string', items: 'object' });

const isOwnName = having<OwnName>({ userId: 'string' });

/** For years of bids. */
const DATA_LIMIT_MS = 60_000;

export type AuctionQuery = Partial<AuctionListQuery>;

export type PageQuery = {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
};

/**
 * Every method throws `OutcryError`. What may succeed on another try (503, 429, no answer) has
 * been tried again by then, with the same idempotency key. Amounts are integer minor units.
 */
export class OutcryClient {
  readonly #services: Services;
  readonly #gateway: HttpTransport;
  readonly #history: HttpTransport;

  constructor(options: OutcryClientOptions) {
    this.#services = new Services(options);
    this.#gateway = this.#services.gateway;
    this.#history = this.#services.history;
  }

  /** The public addresses of all services. */
  config(): Promise<PublicConfig> {
    return this.#services.config();
  }

  /** Whom the services take the caller for, and what the caller may do. */
  me(): Promise<CallerView> {
    return this.#gateway.get('/v1/me', isCaller);
  }

  /** A token for any user; only systems that run with `AUTH_MODE=dev` give these out. */
  devToken(userId: string, roles: readonly Role[]): Promise<DevToken> {
    return this.#gateway.post('/v1/dev/tokens', { userId, roles }, isDevToken);
  }

  createItem(request: ItemRequest, options?: CommandOptions): Promise<ItemView> {
    return this.#gateway.post('/v1/items', request, isItem, options);
  }

  item(itemId: string): Promise<ItemView> {
    return this.#gateway.get(`/v1/items/${encodeURIComponent(itemId)}`, isItem);
  }

  createAuction(request: AuctionRequest, options?: CommandOptions): Promise<AuctionView> {
    return this.#gateway.post('/v1/auctions', request, isAuction, options);
  }

  /** One page of auctions; live ones that end soon come first by default. */
  auctions(query: AuctionQuery = {}): Promise<Page<AuctionView>> {
    return this.#gateway.get('/v1/auctions', isAuctionPage, query);
  }

  /** All pages of {@link auctions}, one after the other. */
  auctionPages(query: AuctionQuery = {}): AsyncGenerator<readonly AuctionView[], void, void> {
    return pagesOf((cursor) => this.auctions({ ...query, cursor }), query.cursor);
  }

  auction(auctionId: string): Promise<AuctionView> {
    return this.#gateway.get(auctionPath(auctionId), isAuction);
  }

  /** What only the caller may know of an auction: own alias, own maximum, whether leading. */
  own(auctionId: string): Promise<OwnView> {
    return this.#gateway.get(`${auctionPath(auctionId)}/me`, isOwnView);
  }

  /** While the auction is scheduled, `maxAmount` leaves a maximum that counts at the start. */
  bid(auctionId: string, offer: BidRequest, options?: CommandOptions): Promise<BidReceipt> {
    return this.#gateway.post(`${auctionPath(auctionId)}/bids`, offer, isReceipt, options);
  }

  /** Takes back a maximum that was left before the start; `NO_ABSENTEE_BID` where there is none. */
  withdrawBid(auctionId: string): Promise<OwnView> {
    return this.#gateway.delete(`${auctionPath(auctionId)}/me`, isOwnView);
  }

  buyNow(auctionId: string, options?: CommandOptions): Promise<BidReceipt> {
    return this.#gateway.post(`${auctionPath(auctionId)}/buy-now`, {}, isReceipt, options);
  }

  cancel(auctionId: string, options?: CommandOptions): Promise<AuctionView> {
    return this.#gateway.post(`${auctionPath(auctionId)}/cancel`, {}, isAuction, options);
  }

  /** @param endsAt the new end, as a date or ISO 8601 text */
  extend(auctionId: string, endsAt: Date | string, options?: CommandOptions): Promise<AuctionView> {
    const text = typeof endsAt === 'string' ? endsAt : endsAt.toISOString();
    const path = `${auctionPath(auctionId)}/extend`;
    return this.#gateway.post(path, { endsAt: text }, isAuction, options);
  }

  /** Nobody may bid and time stands still until {@link resume}. @param reason what viewers read */
  pause(auctionId: string, reason: string, options?: CommandOptions): Promise<AuctionView> {
    return this.#gateway.post(`${auctionPath(auctionId)}/pause`, { reason }, isAuction, options);
  }

  resume(auctionId: string, options?: CommandOptions): Promise<AuctionView> {
    return this.#gateway.post(`${auctionPath(auctionId)}/resume`, {}, isAuction, options);
  }

  /** The auction goes on as if this bidder's bids had not been made; for admins. */
  removeBidder(
    auctionId: string,
    alias: number,
    reason: string,
    options?: CommandOptions,
  ): Promise<AuctionView> {
    const path = `${auctionPath(auctionId)}/bidders/${alias}/remove`;
    return this.#gateway.post(path, { reason }, isAuction, options);
  }

  /** The auction as the archive has it, also long after the gateway has forgotten it. */
  archivedAuction(auctionId: string): Promise<ArchivedAuction> {
    return this.#history.get(archivePath(auctionId), isArchivedAuction);
  }

  /** One page of all auctions, open ones included; the newest first unless `sort` says otherwise. */
  archivedAuctions(query: Partial<HistoryListQuery> = {}): Promise<Page<ArchivedAuction>> {
    return this.#history.get('/v1/history/auctions', isArchivedAuctionPage, query);
  }

  /** One page of an auction's bids; the oldest first unless `order` says otherwise. */
  archivedBids(auctionId: string, query: Partial<BidListQuery> = {}): Promise<Page<ArchivedBid>> {
    return this.#history.get(`${archivePath(auctionId)}/bids`, isArchivedBidPage, query);
  }

  /** All pages of {@link archivedBids}, one after the other. */
  archivedBidPages(
    auctionId: string,
    query: Partial<BidListQuery> = {},
  ): AsyncGenerator<readonly ArchivedBid[], void, void> {
    return pagesOf((cursor) => this.archivedBids(auctionId, { ...query, cursor }), query.cursor);
  }

  /** What the caller, winner or seller of a sold auction, is to do now. */
  nextStep(auctionId: string): Promise<NextStep> {
    return this.#history.get(`${archivePath(auctionId)}/next-step`, isNextStep);
  }

  /** Who managed the auction, how and why, oldest first; for its seller and admins. */
  auctionRecord(auctionId: string, query: PageQuery = {}): Promise<Page<RecordEntry>> {
    return this.#history.get(`${archivePath(auctionId)}/record`, isRecordPage, query);
  }

  /** Where the proof of a sealed auction can be downloaded; without a token, for anyone. */
  proofUrl(auctionId: string): Promise<string> {
    return this.#history.url(`${archivePath(auctionId)}/proof`);
  }

  /** The proof of a sealed auction, as a whole; see `docs/seal.md`. */
  proof(auctionId: string): Promise<Proof> {
    return this.#history.get(`${archivePath(auctionId)}/proof`, isProof);
  }

  /** The caller's statistics; an admin may name any user. */
  userStats(userId = 'me'): Promise<UserStats> {
    return this.#history.get(`${userPath(userId)}/stats`, isUserStats);
  }

  /** One page of the caller's bids, newest first; an admin may name any user. */
  userBids(query: PageQuery = {}, userId = 'me'): Promise<Page<OwnBid>> {
    return this.#history.get(`${userPath(userId)}/bids`, isOwnBidPage, query);
  }

  /** One page of the auctions that the caller sells, open ones unless `list` says otherwise. */
  ownAuctions(query: Partial<OwnAuctionsQuery> = {}): Promise<Page<OwnAuction>> {
    return this.#history.get('/v1/users/me/auctions', isOwnAuctionPage, query);
  }

  /** An auction that the caller sells, with all its terms. */
  ownAuction(auctionId: string): Promise<OwnAuction> {
    const path = `/v1/users/me/auctions/${encodeURIComponent(auctionId)}`;
    return this.#history.get(path, isOwnAuction);
  }

  /** One page of the auctions that the caller has saved, the last first. */
  watchlist(query: PageQuery = {}): Promise<Page<SavedAuction>> {
    return this.#history.get(WATCHLIST, isSavedAuctionPage, query);
  }

  /** All pages of {@link watchlist}, one after the other. */
  watchlistPages(query: PageQuery = {}): AsyncGenerator<readonly SavedAuction[], void, void> {
    return pagesOf((cursor) => this.watchlist({ ...query, cursor }), query.cursor);
  }

  /** Saves an auction; refused with `WATCHLIST_FULL` beyond 500. */
  saveAuction(auctionId: string): Promise<Saved> {
    return this.#history.put(`${WATCHLIST}/${encodeURIComponent(auctionId)}`, {}, isSaved);
  }

  /** Takes an auction out of the watchlist, if it is there. */
  forgetAuction(auctionId: string): Promise<void> {
    return this.#history.delete(`${WATCHLIST}/${encodeURIComponent(auctionId)}`, isNothing);
  }

  /** What the caller is told on every device: outbid, won, ending soon; read or not. */
  notices(): Promise<KeptNotices> {
    return this.#history.get('/v1/users/me/notices', isKeptNotices);
  }

  /** Says that the caller has read these, at most 100. */
  readNotices(items: readonly ReadNotice[]): Promise<void> {
    return this.#history.put('/v1/users/me/notices/read', { items }, isNothing);
  }

  leaderboard(query: Partial<LeaderboardQuery> = {}): Promise<Leaderboard> {
    return this.#history.get('/v1/leaderboard', isLeaderboard, query);
  }

  /** Chooses the name that the leaderboard shows of the caller; null takes it off. */
  chooseName(name: string | null): Promise<OwnName> {
    return this.#history.put('/v1/users/me/name', { name }, isOwnName);
  }

  /**
   * Ends all sessions of the caller, this one too: within 3 s no service takes a token from before, and
   * live connections are closed. An admin may name any user.
   */
  signOutEverywhere(userId = 'me'): Promise<void> {
    return this.#history.delete(`${userPath(userId)}/sessions`, isNothing);
  }

  /** All that the archive has about the caller, as a whole; an admin may name any user. */
  ownData(userId = 'me'): Promise<OwnData> {
    const patience = { timeoutMs: DATA_LIMIT_MS };
    return this.#history.get(`${userPath(userId)}/data`, isOwnData, {}, patience);
  }

  /** Where that can be downloaded, with the caller's token, however much it is. */
  ownDataUrl(userId = 'me'): Promise<string> {
    return this.#history.url(`${userPath(userId)}/data`);
  }

  /**
   * A report as it comes, however long it is: an auction's bids, a sale's results, or the caller's bids
   * or sales.
   * @throws OutcryError, also half-way: then the report is not complete
   */
  report(
    of: { readonly auctionId: string } | { readonly saleId: string } | 'own bids' | 'own sales',
    { format = 'csv', signal }: ReportOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    const accept = format === 'csv' ? 'text/csv' : 'application/json';
    if (typeof of === 'object' && 'saleId' in of) {
      const path = `/v1/sales/${encodeURIComponent(of.saleId)}/results`;
      return this.#gateway.stream(path, accept, signal);
    }
    const path =
      typeof of === 'object'
        ? `${archivePath(of.auctionId)}/bids`
        : `/v1/users/me/${of === 'own bids' ? 'bids' : 'sales'}`;
    return this.#history.stream(`${path}/report`, accept, signal);
  }

  /**
   * Signs the caller out everywhere and deletes the account; an admin may name any user. Refused with
   * `ACCOUNT_IN_USE` while the user sells or leads in an open auction.
   */
  deleteAccount(userId = 'me'): Promise<void> {
    return this.#history.delete(userPath(userId), isNothing);
  }
}

const WATCHLIST = '/v1/users/me/watchlist';

const auctionPath = (id: string): string => `/v1/auctions/${encodeURIComponent(id)}`;

const archivePath = (id: string): string => `/v1/history/auctions/${encodeURIComponent(id)}`;

const userPath = (id: string): string => `/v1/users/${encodeURIComponent(id)}`;
