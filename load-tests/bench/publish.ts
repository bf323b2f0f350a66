/** The gateway's JetStream publisher against a bare one. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { ensureStream } from '@outcry/shared/runtime/jetstream.ts';
import type { TestBed } from '../system/system.ts';
import { figuresOf, roundOf, runCaller } from './generators.ts';
import type { Measurement } from './rounds.ts';

/** Of the event stream, on every NATS that is measured. */
export const STREAM_LIMITS = { maxBytes: 4 * 1024 ** 3, replicas: 1 };
/** Events in a message, as on a hot auction. */
const BATCH = 32;

/** Connects to a new NATS and makes the event stream. @throws Error when either fails */
export async function openEventStream(natsUrl: string): Promise<NatsConnection> {
  const connection = await connect({ servers: natsUrl });
  try {
    const stream = { name: EVENT_STREAM, subjects: [EVENT_SUBJECTS], ...STREAM_LIMITS };
    await ensureStream(connection, stream);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

/** A NATS with the event stream, and nothing else. */
export const publisherStream = (bed: TestBed) =>
  bed.shared('publish', async () => {
    bed.say('starting a NATS for publishers');
    const nats = await bed.nats('nats-of-publishers');
    const connection = await openEventStream(nats.url);
    bed.onClose(() => connection.close());
    const { streams } = await jetstreamManager(connection);
    const stored = async () => (await streams.info(EVENT_STREAM)).state.messages;
    return { nats, empty: () => streams.purge(EVENT_STREAM), stored };
  });

/** Messages that JetStream has acknowledged; all of them are in the stream afterwards. */
function published(name: string, who: 'bare' | 'ours', events: number): Measurement {
  const title = who === 'bare' ? 'a bare JetStream publisher' : "the gateway's JetStream publisher";
  return {
    name,
    title: `${title}, ${events === 1 ? 'one event' : `${events} events`} a message`,
    counts: 'messages',
    comparedTo: who === 'ours' ? `bare-${name}` : undefined,
    async prepare(bed) {
      const { nats, empty, stored } = await publisherStream(bed);
      return async (options) => {
        // No round pays for what the ones before it left behind.
        await empty();
        const round = await roundOf({ nats: [nats.pid()] }, () =>
          runCaller([who, nats.url, `${events}`], options),
        );
        const { answered } = round.result;
        const there = await stored();
        if (there === answered) return figuresOf(round, answered);
        throw new Error(`${answered} messages were acknowledged, ${there} are in the stream`);
      };
    },
  };
}

export const publishMeasurements: readonly Measurement[] = [
  published('bare-publish', 'bare', BATCH),
  published('bare-publish-single', 'bare', 1),
  published('publish', 'ours', BATCH),
  published('publish-single', 'ours', 1),
];
