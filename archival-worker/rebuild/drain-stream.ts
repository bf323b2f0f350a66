/**
 * Waits until everything that was published is archived: what is still in the stream afterwards
 * would come too late for the new epochs, which fork at the last event in the archive.
 */
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { StreamBacklog } from '../adapters/nats/event-consumer.ts';
import { RebuildRefusedError } from './rebuild-refused.ts';

export interface DrainLimits {
  /** How long a gateway may still be publishing what it decided before Redis was lost. */
  readonly settleMs: number;
  /** The drain is given up when so long nothing was archived. */
  readonly stuckMs: number;
  readonly askEveryMs: number;
}

/** Gateways give a publication up after 5 s; a dead worker's messages come again after 30 s. */
export const DRAIN_LIMITS: DrainLimits = { settleMs: 6_000, stuckMs: 120_000, askEveryMs: 500 };

/**
 * @param say is told how many messages are left, whenever that has changed
 * @throws RebuildRefusedError when the archive does not get on; Error when JetStream is away
 */
export async function drainStream(
  stream: StreamBacklog,
  say: (left: number) => void,
  { settleMs, stuckMs, askEveryMs }: DrainLimits = DRAIN_LIMITS,
): Promise<void> {
  await pause(settleMs);
  const newest = await stream.newestMessage();
  let before = Infinity;
  let changedAt = monotonicNow();
  for (;;) {
    const left = await stream.leftUpTo(newest);
    if (left === 0) return;
    if (left !== before) {
      say(left);
      before = left;
      changedAt = monotonicNow();
    }
    if (monotonicNow() - changedAt > stuckMs) {
      throw new RebuildRefusedError(
        `${left} messages in JetStream could not be archived within ${stuckMs / 1000} s. ` +
          'Is Postgres healthy? Rebuild when the archive has caught up.',
      );
    }
    await pause(askEveryMs);
  }
}
