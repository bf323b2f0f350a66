/** Messages that can never be stored, among many that can. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Fault } from '../fault.ts';
import { auctionKeysOf } from '../../redis-heads.ts';

const SHARDS = 16;
const ENOUGH_BIDS = 10_000;
const SOON_MS = 20_000;

export const poison: Fault = {
  name: 'poison-messages',
  breaks: 'two messages that can never be stored, among 10,000 bids',
  heals: 'they are kept as dead letters and block their auction; everything else goes on',
  lasts: 'bids',
  enoughBids: ENOUGH_BIDS,
  deadLetters: 2,
  async begin({ system, crowd }) {
    const [auctionId = ''] = crowd.hotAuctionIds;
    const subject = eventSubject(shardOfId(auctionId, SHARDS) ?? 0, auctionId);
    const letters = ['not an event', `{"v":1,"auctionId":"${auctionId}","public":{}}`];
    for (const letter of letters) await system.publish(subject, letter);
    const { auction } = auctionKeysOf(auctionId);
    return {
      heal: () =>
        waitUntil(async () => (await system.redis.hexists(auction, 'blocked')) === 1, {
          withinMs: SOON_MS,
          what: 'the mark on the auction of the dead letters',
        }).then(() => undefined),
    };
  },
};
