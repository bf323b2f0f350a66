/** Where a user's create requests are remembered: all in one shard, so that one script sees them. */
import { createHash } from 'node:crypto';
import { shardOfDigest } from '../domain/ids.ts';
import { claimKey } from './keys.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The shard that holds what a user has created. */
export const homeShard = (userId: string, shards: number): number =>
  shardOfDigest(sha256(userId), shards);

/** The key of a claim, in its user's home shard. */
export const claimKeyOf = (userId: string, key: string, shards: number): string =>
  claimKey(homeShard(userId, shards), sha256(`${userId}:${key}`));
