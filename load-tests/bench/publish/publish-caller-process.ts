/**
 * Publishes entries to JetStream, through the gateway's adapter (`ours`) or straight by the client
 * library (`bare`). Arguments: NATS's URL, which of the two, events in an entry, publishes under
 * way, seconds.
 */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { JetStreamEvents } from '@outcry/api-gateway/adapters/nats/jetstream-events.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { keepCalling } from '../generators/run-generator.ts';
import { SHARDS } from '../../system/test-bed.ts';
import { STREAM_LIMITS } from './event-stream.ts';

const OPEN_WITHIN_MS = 10_000;

const [url = '', who = '', events = '', underWay = '', seconds = ''] = process.argv.slice(2);
const perEntry = Number(events);
const load = { underWay: Number(underWay), seconds: Number(seconds) };

const auction = new TestAuction({ auctionId: 'a0-bench', stepMs: 1 });
auction.create();
auction.start();
const offers = Array.from({ length: perEntry }, (_, i) => ({
  userId: `user-${i}`,
  amount: 100_000 * (i + 1),
}));
const { auctionId, subject, text } = auction.bids(offers);

if (who === 'bare') {
  // Without it every publish makes a stack trace, which the gateway's connection does not do either.
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const stream = jetstream(connection);
  await keepCalling(async () => {
    await stream.publish(subject, text);
    return 1;
  }, load);
  await connection.close();
} else {
  const log = createLogger('bench', 'warn');
  const link = connectNats(url, 'bench', log);
  const stream = new JetStreamEvents(link, SHARDS, STREAM_LIMITS, log);
  await waitUntil(() => stream.open, { withinMs: OPEN_WITHIN_MS, what: 'reaching JetStream' });
  // Another message id for every publish: JetStream stores none twice.
  const epoch = Date.now();
  let lastSeq = 0;
  await keepCalling(async () => {
    const firstSeq = lastSeq + 1;
    lastSeq += perEntry;
    await new Promise<void>((resolve, reject) => {
      const entry = { auctionId, epoch, firstSeq, lastSeq, size: text.length, lines: () => text };
      stream.publish(entry, (_, failure) => (failure === undefined ? resolve() : reject(failure)));
    });
    return 1;
  }, load);
  stream.close();
  await link.close();
}
