/** The gateway's JetStream publisher against a bare one. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { JetStreamEvents } from '@outcry/api-gateway/hand-off/event-stream.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { connectNats, ensureStream } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { SHARDS, type TestBed } from '../system/system.ts';
import { figuresOf, keepCalling, roundOf } from './generators.ts';
import type { Measurement } from './rounds.ts';

/** Of the event stream. */
const STREAM_LIMITS = { maxBytes: 4 * 1024 ** 3, replicas: 1 };
/** Events in a message, as on a hot auction. */
const BATCH = 32;

/** A NATS with the event stream, and nothing else. */
export const publisherStream = (bed: TestBed) =>
  bed.shared('publish', async () => {
    bed.say('starting a NATS for publishers');
    const nats = await bed.nats('nats-of-publishers');
    // Without it every publish makes a stack trace, which the gateway's connection does not do either.
    const connection = await connect({ servers: nats.url, noAsyncTraces: true });
    bed.onClose(() => connection.close());
    const stream = { name: EVENT_STREAM, subjects: [EVENT_SUBJECTS], ...STREAM_LIMITS };
    await ensureStream(connection, stream);
    const { streams } = await jetstreamManager(connection);
    const stored = async () => (await streams.info(EVENT_STREAM)).state.messages;
    return { nats, connection, empty: () => streams.purge(EVENT_STREAM), stored };
  });

/** @returns publishes a message of so many events; resolves to 1 once JetStream has acknowledged it */
export async function publisherOn(bed: TestBed, who: 'bare' | 'ours', events: number) {
  const { nats, connection } = await publisherStream(bed);
  const auction = new TestAuction({ auctionId: 'a0-bench', stepMs: 1 });
  auction.create();
  auction.start();
  const offers = Array.from({ length: events }, (_, i) => ({
    userId: `user-${i}`,
    amount: 100_000 * (i + 1),
  }));
  const { auctionId, subject, text } = auction.bids(offers);
  if (who === 'bare') {
    const stream = jetstream(connection);
    return () => stream.publish(subject, text).then(() => 1);
  }
  const log = createLogger('bench', 'warn');
  const link = connectNats(nats.url, 'bench', log);
  const stream = new JetStreamEvents(link, SHARDS, STREAM_LIMITS, log);
  bed.onClose(async () => {
    stream.close();
    await link.close();
  });
  await waitUntil(() => stream.open, { withinMs: 10_000, what: 'reaching JetStream' });
  // Another message id for every publish: JetStream stores none twice.
  const epoch = Date.now();
  let lastSeq = 0;
  return () => {
    const firstSeq = lastSeq + 1;
    lastSeq += events;
    const entry = { auctionId, epoch, firstSeq, lastSeq, size: text.length, lines: () => text };
    return new Promise<number>((resolve, reject) => {
      stream.publish(entry, (_, failure) => (failure === undefined ? resolve(1) : reject(failure)));
    });
  };
}

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
      const publish = await publisherOn(bed, who, events);
      return async (options) => {
        // No round pays for what the ones before it left behind.
        await empty();
        const load = () => keepCalling(publish, options);
        const round = await roundOf({ nats: [nats.pid()] }, load);
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
