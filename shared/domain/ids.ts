/** Every id that clients see matches this. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Who stands for users that have deleted their accounts. It has the form of the ids that are made of a
 * provider's subjects (shared/runtime/token-claims.ts), which no subject is taken for as it stands; and no
 * hash is this one.
 */
export const DELETED_USER = `sub_${'deleted-account'.padEnd(43, '-')}`;

/**
 * Item ids look like `i7-…` and auction ids like `a7-…`: the number is the shard. Bid ids (`b-…`)
 * need none, because a bid is only ever named together with its auction.
 */
const SHARDED_ID = /^[ai](0|[1-9][0-9]{0,3})-[A-Za-z0-9_-]{1,56}$/;

/** The shard in an item or auction id, or undefined when the id is not one of ours. */
export function shardOfId(id: string, shards: number): number | undefined {
  const match = SHARDED_ID.exec(id);
  if (match === null) return undefined;
  const shard = Number(match[1]);
  return shard < shards ? shard : undefined;
}

/** The shard of something that is only known by a hash (hex digits), such as a claimed id. */
export const shardOfDigest = (digest: string, shards: number): number =>
  Number.parseInt(digest.slice(0, 8), 16) % shards;

/** An auction's or item's id from its shard and a random (or derived) tail. */
export function shardedId(kind: 'a' | 'i', shard: number, tail: string): string {
  return `${kind}${shard}-${tail}`;
}

/** The shard of an auction, or undefined when the id is no auction id of such a system. */
export const shardOfAuction = (id: string, shards: number): number | undefined =>
  id.startsWith('a') ? shardOfId(id, shards) : undefined;

/** True when `id` is an auction id of a system with this many shards. */
export function isAuctionId(id: string, shards: number): boolean {
  return shardOfAuction(id, shards) !== undefined;
}

/** True when `id` is an item id of a system with this many shards. */
export function isItemId(id: string, shards: number): boolean {
  return id.startsWith('i') && shardOfId(id, shards) !== undefined;
}
