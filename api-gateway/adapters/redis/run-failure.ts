import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import { MayHaveRunError, NotRunError, type Undecided } from '../../bidding/auction-commands.ts';

/** Of all that one question takes; its asker is answered within 2 s. */
const LIMIT_MS = 1_900;

/** Error replies with which Redis says that it did not start the command. */
const NOT_STARTED =
  /^(OOM|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|NOREPLICAS|NOAUTH|NOPERM|WRONGPASS|BUSY|NOSCRIPT|MOVED|ASK)\b/;

/**
 * What the client library says when it never handed the command to a socket. The last one is about a
 * pipeline that it had put together before it learned that a slot has moved.
 */
const NEVER_SENT =
  /enableOfflineQueue|isn't writeable|Failed to refresh slots|ClusterAllFailed|same slots allocation group/i;

/**
 * Sorts a failed script call: certainly not run, or possibly run. When in doubt it may have run,
 * because telling a bidder "nothing happened" wrongly would be a lie about money.
 */
export function runFailure(error: unknown): Undecided {
  const message = error instanceof Error ? error.message : String(error);
  if (NOT_STARTED.test(message) || NEVER_SENT.test(message)) {
    return new NotRunError('Redis cannot take commands right now', { cause: error });
  }
  return new MayHaveRunError('the reply of Redis was lost', { cause: error });
}

/** The data of a shard is not, or not yet, all there. */
export const notWhole = (): NotRunError =>
  new NotRunError('Redis waits for its data to be restored');

/** A read that fails changed nothing. @throws NotRunError */
export async function asked<T>(reads: Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(reads, LIMIT_MS, 'reading Redis');
  } catch (error) {
    if (error instanceof NotRunError) throw error;
    throw new NotRunError('Redis did not answer', { cause: error });
  }
}

/** The same of writes. @throws NotRunError, MayHaveRunError */
export async function written<T>(writes: Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(writes, LIMIT_MS, 'writing to Redis');
  } catch (error) {
    throw error instanceof NotRunError ? error : runFailure(error);
  }
}
