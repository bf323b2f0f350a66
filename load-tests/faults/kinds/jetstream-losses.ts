/** JetStream loses what it had acknowledged, before the worker has seen it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
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

export const JETSTREAM_LOSSES: readonly Fault[] = [
  losing('stream-deleted', 'the JetStream stream is deleted while it is written', deleteStream),
  losing('messages-deleted', 'single messages are deleted from the stream', deleteMessages),
  losing('store-wiped', "JetStream's files are gone when NATS starts again", wipeStore),
];
