/** Messages that can never be stored, among many that can. */
import { connect } from '@nats-io/transport-node';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Fault } from '../fault.ts';
import { SHARDS } from '../../system/test-bed.ts';
import { auctionKeysOf } from '../../accounts/redis-heads.ts';

const ENOUGH_BIDS = 10_000;
const SOON_MS = 20_000;

export const poison: Fault = {
  name: 'poison-messages',
  breaks: 'two messages that can never be stored, among 10,000 bids',
  heals: 'they are kept as dead letters and block their auction; everything else goes on',
  lasts: 'bids',
  enoughBids: ENOUGH_BIDS,
  deadLetters: 2,
  async begin({ system, bidders }) {
    const [auctionId = ''] = bidders.hotAuctionIds;
    const subject = eventSubject(shardOfId(auctionId, SHARDS) ?? 0, auctionId);
    const letters = ['not an event', `{"v":1,"auctionId":"${auctionId}","public":{}}`];
    await publish(system.url('nats'), subject, letters);
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

async function publish(natsUrl: string, subject: string, messages: readonly string[]) {
  const connection = await connect({ servers: natsUrl });
  try {
    for (const message of messages) connection.publish(subject, message);
    await connection.flush();
  } finally {
    await connection.close();
  }
}
