/**
 * Checks that an answer is the kind of thing that was asked for, before it is taken at its
 * documented type: enough to notice a wrong address or a broken proxy. The full schemas, and the
 * library behind them, stay out of the browser.
 */
import type {
  AuctionView,
  BidReceipt,
  CallerView,
  ItemView,
  OwnView,
  Page,
  PublicConfig,
} from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  KeptNotices,
  Leaderboard,
  NextStep,
  OwnAuction,
  OwnBid,
  OwnData,
  Proof,
  RecordEntry,
  Saved,
  SavedAuction,
  UserStats,
} from '@outcry/shared/contracts/history.ts';

/** The answer to `POST /v1/dev/tokens`. */
export interface DevToken {
  readonly token: string;
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string;
  /** Seconds from the answer on. The caller's own clock may be wrong by days: count by this. */
  readonly expiresIn: number;
}

export type Guard<T> = (body: unknown) => body is T;

type TypeName<V> = V extends string
  ? 'string'
  : V extends number
    ? 'number'
    : V extends boolean
      ? 'boolean'
      : 'object';

type Members<T> = { readonly [K in keyof T]?: TypeName<T[K]> };

export const having =
  <T extends object>(members: Members<T>): Guard<T> =>
  (body): body is T =>
    typeof body === 'object' &&
    body !== null &&
    Object.entries(members).every(([name, type]) => typeof Reflect.get(body, name) === type);

export const pageOf =
  <T>(isItem: Guard<T>): Guard<Page<T>> =>
  (body): body is Page<T> =>
    typeof body === 'object' &&
    body !== null &&
    'nextCursor' in body &&
    (body.nextCursor === null || typeof body.nextCursor === 'string') &&
    'items' in body &&
    Array.isArray(body.items) &&
    body.items.every(isItem);

/** An answer without a body. */
export const isNothing = (body: unknown): body is undefined => body === undefined;

export const isConfig = having<PublicConfig>({ gatewayUrl: 'string', broadcastUrl: 'string' });

export const isCaller = having<CallerView>({ id: 'string', roles: 'object' });

export const isDevToken = having<DevToken>({
  token: 'string',
  expiresAt: 'string',
  expiresIn: 'number',
});

export const isItem = having<ItemView>({ id: 'string', title: 'string' });

export const isAuction = having<AuctionView>({
  id: 'string',
  item: 'object',
  status: 'string',
  price: 'number',
  endsAt: 'string',
  epoch: 'number',
  seq: 'number',
  serverTime: 'string',
});

export const isAuctionPage = pageOf(isAuction);

export const isOwnView = having<OwnView>({ leading: 'boolean', bidCount: 'number' });

export const isReceipt = having<BidReceipt>({
  bidId: 'string',
  epoch: 'number',
  seq: 'number',
  result: 'string',
  price: 'number',
});

export const isArchivedAuction = having<ArchivedAuction>({
  id: 'string',
  status: 'string',
  price: 'number',
  archivedSeq: 'number',
});

export const isArchivedBidPage = pageOf(
  having<ArchivedBid>({ epoch: 'number', seq: 'number', at: 'string', amount: 'number' }),
);

export const isRecordPage: Guard<Page<RecordEntry>> = pageOf(
  having<RecordEntry>({ epoch: 'number', seq: 'number', at: 'string', type: 'string' }),
);

/** Its members may be null. */
export const isNextStep = having<NextStep>({});

export const isArchivedAuctionPage = pageOf(isArchivedAuction);

/** Its terms may be null. */
export const isOwnAuction = having<OwnAuction>({
  id: 'string',
  status: 'string',
  price: 'number',
  archivedSeq: 'number',
});

export const isOwnAuctionPage = pageOf(isOwnAuction);

export const isSavedAuctionPage: Guard<Page<SavedAuction>> = pageOf(
  having<SavedAuction>({ id: 'string', status: 'string', price: 'number', savedAt: 'string' }),
);

export const isKeptNotices = having<KeptNotices>({ items: 'object' });

export const isSaved = having<Saved>({ auctionId: 'string', savedAt: 'string' });

export const isProof = having<Proof>({ head: 'string', sealedAt: 'string', events: 'object' });

export const isOwnBidPage = pageOf(
  having<OwnBid>({ auctionId: 'string', bidId: 'string', at: 'string' }),
);

export const isOwnData = having<OwnData>({ userId: 'string', bids: 'object' });

export const isUserStats = having<UserStats>({ name: 'string', bids: 'number', money: 'object' });

export const isLeaderboard = having<Leaderboard>({ by: 'string', items: 'object' });

/** The answer to `PUT /v1/users/me/name`. */
export interface OwnName {
  readonly userId: string;
  readonly name: string | null;
}

export const isOwnName = having<OwnName>({ userId: 'string' });
