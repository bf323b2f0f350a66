/** Messages that can never be stored, among many that can. */
import { hash } from 'node:crypto';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';
import { auctionKeysOf } from '../log-watcher.ts';

const SHARDS = 16;
const ENOUGH_BIDS = 10_000;
const SOON_MS = 20_000;

export const poison: Fault = {
  name: 'poison-messages',
  breaks: 'two messages that can never be stored, among 10,000 bids',
  heals: 'they are kept as dead letters; everything else goes on',
  lasts: 'bids',
  enoughBids: ENOUGH_BIDS,
  async begin({ system, crowd }) {
    const [auctionId = ''] = crowd.hotAuctionIds;
    const subject = eventSubject(shardOfId(auctionId, SHARDS) ?? 0, auctionId);
    const letters = ['not an event', `{"v":1,"auctionId":"${auctionId}","public":{}}`];
    for (const letter of letters) await system.publish(subject, letter);
    return {
      heal: () => Promise.resolve(),
      check: () => takeOut(system, auctionId, letters),
    };
  },
};

/** Waits for the dead letters and throws them away, as an operator would. */
async function takeOut(
  system: FaultSystem,
  auctionId: string,
  letters: readonly string[],
): Promise<string[]> {
  const { auction } = auctionKeysOf(auctionId);
  await waitUntil(async () => (await system.redis.hexists(auction, 'blocked')) === 1, {
    withinMs: SOON_MS,
    what: 'the mark on the auction of the dead letters',
  });
  const hashes = letters.map((letter) => hash('sha256', letter, 'hex'));
  const kept = await system.onPostgres(
    (sql) => sql<{ reason: string }[]>`
      DELETE FROM dead_letters
       WHERE auction_id = ${auctionId} AND encode(payload_hash, 'hex') = ANY (${hashes})
      RETURNING reason`,
  );
  await system.redis.hdel(auction, 'blocked');
  return [
    ...(kept.length === letters.length ? [] : [`${kept.length} of ${letters.length} dead letters`]),
    ...(kept.every(({ reason }) => reason !== '') ? [] : ['a dead letter without a reason']),
  ];
}
