import type { Result } from 'ioredis';
import {
  MAX_SIGNED_OUT,
  SIGNED_OUT_KEPT_MS,
  SIGNED_OUT_KEY,
} from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { signOutMark } from '@outcry/shared/runtime/sign-outs.ts';
import { lua } from '../adapters/redis/sharded-redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    signOut(key: string, mark: string, keptMs: number, most: number): Result<string, Context>;
  }
}

const LIMIT_MS = 1_900;

export type SignOutMarks = ReturnType<typeof signOutMarks>;

/** Who signed out everywhere, as all services are told. */
export function signOutMarks(redis: RedisClient) {
  redis.defineCommand('signOut', { numberOfKeys: 1, lua: lua('sign-out') });
  return {
    /**
     * From now on the user's older tokens count no more.
     * @returns when that was, ms since 1970 by Redis's clock
     * @throws Error when Redis did not answer
     */
    async signOut(userId: string): Promise<number> {
      const mark = signOutMark(userId);
      const marking = redis.signOut(SIGNED_OUT_KEY, mark, SIGNED_OUT_KEPT_MS, MAX_SIGNED_OUT);
      return Number(await withTimeLimit(marking, LIMIT_MS, 'signing a user out'));
    },
  };
}
