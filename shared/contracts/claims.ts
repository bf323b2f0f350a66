/** Where a user's create requests are remembered: all in one shard, so that one script sees them. */
import { shardOfDigest } from '../domain/ids.ts';
import { claimKey } from './keys.ts';

/** Hex digits of a text's SHA-256; handed in, because contracts import no library. */
export type Sha256 = (text: string) => string;

/** The shard that holds what a user has created. */
export const homeShard = (userId: string, shards: number, sha256: Sha256): number =>
  shardOfDigest(sha256(userId), shards);

/** The key of a claim, in its user's home shard. */
export const claimKeyOf = (userId: string, key: string, shards: number, sha256: Sha256): string =>
  claimKey(homeShard(userId, shards, sha256), sha256(`${userId}:${key}`));
