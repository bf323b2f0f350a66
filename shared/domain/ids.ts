/** Every id that clients see matches this. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Who stands for users that have deleted their accounts. It has the form of the ids that are made of a
 * provider's subjects (shared/runtime/token-claims.ts), which no subject is taken for as it stands; and no
 * hash is this one.
 */
export const DELETED_USER = `sub_${'deleted-account'.padEnd(43, '-')}`;

/**
 * Item ids look like `i7-…`, auction ids like `a7-…`, sale ids like `s7-…`: the number is the shard.
 * `b7-…` are the absentee bids of the auction `a7-…`. Bid ids (`b-…`) need no shard, because a bid is
 * only ever named together with its auction.
 */
const SHARDED_ID = /^[aisb](0|[1-9][0-9]{0,3})-[A-Za-z0-9_-]{1,56}$/;

/** The shard in such an id, or undefined when the id is not one of ours. */
export function shardOfId(id: string, shards: number): number | undefined {
  const match = SHARDED_ID.exec(id);
  if (match === null) return undefined;
  const shard = Number(match[1]);
  return shard < shards ? shard : undefined;
}

/** The shard of something that is only known by a hash (hex digits), such as a claimed id. */
export const shardOfDigest = (digest: string, shards: number): number =>
  Number.parseInt(digest.slice(0, 8), 16) % shards;

/** What has a sharded id and is created by users. */
export type CreatedKind = 'a' | 'i' | 's';

/** Such an id from its shard and a random (or derived) tail. */
export function shardedId(kind: CreatedKind, shard: number, tail: string): string {
  return `${kind}${shard}-${tail}`;
}

/** The shard of an auction, or undefined when the id is no auction id of such a system. */
export const shardOfAuction = (id: string, shards: number): number | undefined =>
  id.startsWith('a') ? shardOfId(id, shards) : undefined;

/**
 * Whether the log of this id is a book: private facts that are no auction's events, see
 * contracts/books.ts.
 */
export const isBookId = (id: string): boolean => id.startsWith('s') || id.startsWith('b');

/** Whether a book is a sale's; the others are absentee bids. */
export const isSaleBook = (id: string): boolean => id.startsWith('s');

/** The book of an auction's absentee bids, and the other way round. */
export const absenteesOf = (auctionId: string): string => `b${auctionId.slice(1)}`;
export const auctionOfAbsentees = (bookId: string): string => `a${bookId.slice(1)}`;

/** The item that a request for an auction brought along. */
export const ownItemOf = (auctionId: string): string => `i${auctionId.slice(1)}`;

/** The shard of a sale, or undefined when the id is no sale id of such a system. */
export const shardOfSale = (id: string, shards: number): number | undefined =>
  id.startsWith('s') ? shardOfId(id, shards) : undefined;

/** True when `id` is an auction id of a system with this many shards. */
export function isAuctionId(id: string, shards: number): boolean {
  return shardOfAuction(id, shards) !== undefined;
}

/** True when `id` is an item id of a system with this many shards. */
export function isItemId(id: string, shards: number): boolean {
  return id.startsWith('i') && shardOfId(id, shards) !== undefined;
}
