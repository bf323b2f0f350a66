import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { openSource } from '../../testing/bare-archive.ts';
import { TestSystem } from '../../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

const message = { subject: 'outcry.v1.events.0.a0-source', text: 'anything' };

test('a consumer that would give up on a message is changed: deliveries are not counted out', async () => {
  const connection = await connect({ servers: system.nats.url });
  onTestFinished(() => connection.close());
  const { consumers } = await jetstreamManager(connection);
  await consumers.add(EVENT_STREAM, {
    durable_name: ARCHIVE_CONSUMER,
    ack_policy: 'explicit',
    ack_wait: nanos(1_000),
    max_deliver: 2,
  });
  openSource(system);
  await until('it is changed', async () => {
    const { config } = await consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER);
    return config.max_deliver === -1 && config.ack_wait === nanos(30_000);
  });
});

test('what is given back comes again, each time later', { timeout: 30_000 }, async () => {
  const source = openSource(system);
  await system.publish([message]);
  const waits: number[] = [];
  let givenBackAt = 0;
  for (let delivery = 1; delivery <= 7; delivery += 1) {
    const [only] = await source.next();
    if (delivery > 1) waits.push(Date.now() - givenBackAt);
    if (delivery < 7) only?.nak();
    else only?.ack();
    givenBackAt = Date.now();
  }
  // 50 ms, doubled each time, of which jitter takes off up to a half; a batch gathers for 100 ms.
  expect(waits[0]).toBeLessThan(1_000);
  expect(waits[5]).toBeGreaterThanOrEqual(800);
  expect(waits[4]).toBeGreaterThanOrEqual(400);
  source.stop();
});

test('a reader that stops under load leaves nothing behind: another one has it at once', async () => {
  await system.reset();
  const messages = 3_000;
  const connection = await connect({ servers: system.nats.url });
  onTestFinished(() => connection.close());
  const text = 'a long message '.repeat(600);
  const publisher = jetstream(connection);
  for (let sent = 0; sent < messages; sent += 500) {
    await Promise.all(Array.from({ length: 500 }, () => publisher.publish(message.subject, text)));
  }

  const first = openSource(system);
  const inHand = await first.next();
  // Taking these made it ask for as many again: they are on their way now.
  first.stop();
  for (const delivery of inHand) delivery.nak();
  expect(await first.next()).toEqual([]);

  const second = openSource(system);
  const stoppedAt = performance.now();
  for (let got = 0; got < messages;) {
    const batch = await second.next();
    for (const delivery of batch) delivery.ack();
    got += batch.length;
  }
  // What nobody gave back would come after 30 s.
  expect(performance.now() - stoppedAt).toBeLessThan(25_000);
}, 60_000);
