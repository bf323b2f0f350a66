/** JetStream loses what it had acknowledged, or carries what can never be stored. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { EVENT_STREAM, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { auctionKeysOf } from '../../accounts/redis-heads.ts';
import { SHARDS } from '../../system/test-bed.ts';
import type { Fault, FaultStage } from '../fault.ts';

/** Bids that are in JetStream and nowhere behind it when they are lost. */
const AT_STAKE = 300;
const SOON_MS = 60_000;
const DELETED_MESSAGES = 50;

function losing(
  name: string,
  breaks: string,
  lose: (stage: FaultStage) => Promise<unknown>,
): Fault {
  return {
    name,
    breaks,
    heals: 'the keeper proves from the log what is gone and publishes it again',
    lasts: 'seconds',
    async begin(stage) {
      const { system, bidders, signal } = stage;
      const repaired = async (): Promise<number> => {
        const metric = 'outcry_keeper_repaired_entries_total';
        const first = await system.metric('api-gateway', metric);
        return first + (await system.metric('api-gateway-2', metric));
      };
      const before = await repaired();
      await system.part('archival-worker').stop();
      await bidders.untilAccepted(AT_STAKE, SOON_MS, { signal });
      await lose(stage);
      return {
        heal: () => system.startPart('archival-worker'),
        check: async () => ((await repaired()) > before ? [] : ['nothing had to be repaired']),
      };
    },
  };
}

const deleteStream = ({ system }: FaultStage): Promise<unknown> =>
  system.onStreams((manager) => manager.streams.delete(EVENT_STREAM));

/** Every second one of those that the worker lacks, from the newest on. */
const deleteMessages = ({ system }: FaultStage): Promise<unknown> =>
  system.onStreams(async ({ streams }) => {
    const { state } = await streams.info(EVENT_STREAM);
    for (let i = 0; i < DELETED_MESSAGES; i += 1) {
      await streams.deleteMessage(EVENT_STREAM, state.last_seq - 2 * i);
    }
  });

async function wipeStore({ system }: FaultStage): Promise<void> {
  await system.part('nats').stop();
  await rm(join(system.bed.data('nats'), 'jetstream'), { recursive: true });
  await system.startPart('nats');
}

const LOSSES: readonly Fault[] = [
  losing('stream-deleted', 'the JetStream stream is deleted while it is written', deleteStream),
  losing('messages-deleted', 'single messages are deleted from the stream', deleteMessages),
  losing('store-wiped', "JetStream's files are gone when NATS starts again", wipeStore),
];

const ENOUGH_BIDS = 10_000;

const poison: Fault = {
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

export const MESSAGES: readonly Fault[] = [...LOSSES, poison];
