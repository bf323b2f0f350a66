import { KEPT_CHANNEL } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

const LIMIT_MS = 1_000;

/** Tells devices of a user's, and waits for nothing. */
export const keptHints =
  (redis: RedisClient, log: Logger) =>
  (userId: string): void => {
    withTimeLimit(redis.spublish(KEPT_CHANNEL, userId), LIMIT_MS, 'telling devices').catch(
      (error: unknown) => log.debug({ err: error }, "a user's devices were not told"),
    );
  };
