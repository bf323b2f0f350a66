import type { EventStream, PublishedMark } from '../hand-off/event-stream.ts';
import type { KeeperStore } from './keeper-ports.ts';

const ENTRIES_AT_ONCE = 500;
const LOOK_AGAIN_MS = 1_000;
const LOOK_AGAIN_WHEN_PUBLISHED_MS = 5_000;

/**
 * Publishes the entries of one auction that lie above the published mark, oldest first, and moves
 * the mark. Entries the hand-off is just publishing are published twice at worst: JetStream knows
 * their message id.
 */
export async function publishMissed(
  store: KeeperStore,
  stream: EventStream,
  mark: PublishedMark,
  shard: number,
  auctionId: string,
): Promise<number> {
  const entries = await store.unpublished(shard, auctionId, ENTRIES_AT_ONCE);
  const pause = entries.length === 0 ? LOOK_AGAIN_WHEN_PUBLISHED_MS : LOOK_AGAIN_MS;
  await store.lookAgain(shard, auctionId, pause);
  if (entries.length === 0 || !stream.connected) return entries.length;
  const published = await Promise.allSettled(entries.map((entry) => stream.publish(entry)));
  await mark.confirm(
    auctionId,
    entries.filter((_, i) => published[i]?.status === 'fulfilled'),
  );
  return entries.length;
}
