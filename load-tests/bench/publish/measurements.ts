/** The gateway's JetStream publisher against a bare one. */
import { jetstreamManager } from '@nats-io/jetstream';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import type { TestBed } from '../../system/test-bed.ts';
import { runTypescript } from '../generators/run-generator.ts';
import { figuresOf, roundOf } from '../generators/rounds.ts';
import type { Measurement } from '../measurement.ts';
import { openEventStream } from './event-stream.ts';

export const PUBLISHER = new URL('./publish-caller-process.ts', import.meta.url);
/** Events in a message, as on a hot auction. */
const BATCH = 32;

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
    ...(who === 'ours' && { comparedTo: `bare-${name}` }),
    async prepare(bed) {
      const { nats, empty, stored } = await publisherStream(bed);
      return async (options) => {
        // No round pays for what the ones before it left behind.
        await empty();
        const round = await roundOf({ nats: [nats.pid()] }, () =>
          runTypescript(PUBLISHER, [nats.url, who, `${events}`], options),
        );
        const { answered } = round.result;
        const there = await stored();
        if (there !== answered) {
          throw new Error(`${answered} messages were acknowledged, ${there} are in the stream`);
        }
        return figuresOf(round, answered);
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
