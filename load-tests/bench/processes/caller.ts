/**
 * Calls the decide script through the gateway's adapter (`script`), or publishes entries to JetStream,
 * through the gateway's adapter (`ours`) or straight by the client library (`bare`). Arguments: calls
 * under way, seconds, which of the three, the server's URL, bids in a call or events in an entry.
 */
import { createHistogram } from 'node:perf_hooks';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { JetStreamEvents } from '@outcry/api-gateway/adapters/nats/jetstream-events.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { SHARDS } from '../../system/system.ts';
import type { LoadResult } from '../generators.ts';
import { STREAM_LIMITS } from '../publish.ts';
import { openScriptCaller } from '../script.ts';

const [underWay, seconds, what, url = '', size] = process.argv.slice(2);
const batch = Number(size);

/** Keeps that many calls under way, then writes the figures. @param call gives how many it counts */
async function keep(call: () => Promise<number>): Promise<void> {
  const latencyUs = createHistogram();
  const startedAt = performance.now();
  const endAt = startedAt + Number(seconds) * 1000;
  let answered = 0;
  const calling = Array.from({ length: Number(underWay) }, async () => {
    while (performance.now() < endAt) {
      const sentAt = performance.now();
      const more = await call();
      answered += more;
      latencyUs.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
    }
  });
  await Promise.all(calling);
  const ms = (share: number): number => latencyUs.percentile(share) / 1000;
  const took = { seconds: (performance.now() - startedAt) / 1000, p50Ms: ms(50), p99Ms: ms(99) };
  console.log(JSON.stringify({ answered, refused: 0, broken: 0, ...took } satisfies LoadResult));
}

/** What is published. */
function entryOf(events: number) {
  const auction = new TestAuction({ auctionId: 'a0-bench', stepMs: 1 });
  auction.create();
  auction.start();
  return auction.bids(
    Array.from({ length: events }, (_, i) => ({ userId: `user-${i}`, amount: 100_000 * (i + 1) })),
  );
}

if (what === 'script') {
  const caller = await openScriptCaller(url, batch);
  await keep(caller.call);
  caller.close();
} else if (what === 'bare') {
  const { subject, text } = entryOf(batch);
  // Without it every publish makes a stack trace, which the gateway's connection does not do either.
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const stream = jetstream(connection);
  await keep(() => stream.publish(subject, text).then(() => 1));
  await connection.close();
} else {
  const { auctionId, text } = entryOf(batch);
  const log = createLogger('bench', 'warn');
  const link = connectNats(url, 'bench', log);
  const stream = new JetStreamEvents(link, SHARDS, STREAM_LIMITS, log);
  await waitUntil(() => stream.open, { withinMs: 10_000, what: 'reaching JetStream' });
  // Another message id for every publish: JetStream stores none twice.
  const epoch = Date.now();
  let lastSeq = 0;
  await keep(() => {
    const firstSeq = lastSeq + 1;
    lastSeq += batch;
    const entry = { auctionId, epoch, firstSeq, lastSeq, size: text.length, lines: () => text };
    return new Promise((resolve, reject) => {
      stream.publish(entry, (_, failure) => (failure === undefined ? resolve(1) : reject(failure)));
    });
  });
  stream.close();
  await link.close();
}
