import { KEPT_CHANNEL } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { KeptHints } from '../../history/ports.ts';

const LIMIT_MS = 1_000;

export const keptHints = (redis: RedisClient, log: Logger): KeptHints => ({
  changed(userId: string): void {
    withTimeLimit(redis.spublish(KEPT_CHANNEL, userId), LIMIT_MS, 'telling devices').catch(
      (error: unknown) => log.debug({ err: error }, "a user's devices were not told"),
    );
  },
});
