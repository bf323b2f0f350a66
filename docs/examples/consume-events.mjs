/**
 * Prints a line for every sale: a small consumer of Outcry's events (docs/events.md).
 *
 *     npm start
 *     node docs/examples/consume-events.mjs
 *
 * NATS_URL (default nats://127.0.0.1:4222) is where NATS runs; `npm start` prints it. The consumer
 * is durable: started again, it goes on where it was. A payment service would look the same, with
 * its database in the place of `alreadySeen`.
 */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/**
 * What this consumer reads of an event.
 * @typedef {{ status: string, outcome?: string, price: number }} State
 * @typedef {{ epoch: number, seq: number, state: State }} Public
 * @typedef {{ auctionId: string, public: Public, private: { leaderId: string } }} AuctionEvent
 */

const STREAM = 'OUTCRY_EVENTS';
const CONSUMER = 'example-sales';

const { NATS_URL = 'nats://127.0.0.1:4222' } = process.env;
const nats = await connect({ servers: NATS_URL });
const manager = await jetstreamManager(nats);
await manager.consumers.add(STREAM, {
  durable_name: CONSUMER,
  ack_policy: AckPolicy.Explicit,
  filter_subject: 'outcry.v1.events.>',
});
const consumer = await jetstream(nats).consumers.get(STREAM, CONSUMER);
const messages = await consumer.consume();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => messages.stop());
console.log('waiting for sales');

/**
 * Messages come at least once, so every event is looked up before it counts. This memory is gone
 * after a restart and holds the newest only; store the names in your database, in the transaction
 * that acts on the event.
 * @type {Set<string>}
 */
const seen = new Set();
const MOST_SEEN = 10_000;

/** @param {AuctionEvent} event */
function alreadySeen({ auctionId, public: { epoch, seq } }) {
  const name = `${auctionId}:${epoch}:${seq}`;
  if (seen.has(name)) return true;
  seen.add(name);
  const [oldest = ''] = seen;
  if (seen.size > MOST_SEEN) seen.delete(oldest);
  return false;
}

for await (const message of messages) {
  for (const line of message.string().split('\n')) {
    const event = /** @type {AuctionEvent} */ (JSON.parse(line));
    // Books of sales and absentee bids: docs/events.md.
    if (!event.auctionId.startsWith('a')) continue;
    const { status, outcome, price } = event.public.state;
    const isSale = status === 'ended' && outcome === 'sold';
    if (!isSale || alreadySeen(event)) continue;
    console.log(`sold ${event.auctionId} for ${price} to ${event.private.leaderId}`);
  }
  // Only now: what was not acknowledged comes again.
  message.ack();
}
await nats.close();
