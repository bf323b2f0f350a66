/**
 * Notes in every shard that a gateway is there. What is missing in these notes is an outage, after which
 * auctions stay open a while longer: see attendance.lua. It is no part of the keeper: where that one is
 * late, bids are taken all the same.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { ShardStore } from './shard-store.ts';

const EVERY_MS = 2_000;

/** @returns the rounds, not started yet */
export const attendShards = (
  store: Pick<ShardStore, 'attend'>,
  shards: number,
  log: Logger,
): Rounds =>
  new Rounds(async () => {
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        try {
          await store.attend(shard);
        } catch (error) {
          log.debug({ err: error, shard }, 'attendance could not be noted, trying again');
        }
      }),
    );
    return EVERY_MS;
  });
