/** The consumer of docs/examples, as a program of its own, with real events on a real NATS. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { call, newAuction, startTestGateway, tokenFor } from '../testing/test-gateway.ts';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/consume-events.mjs', import.meta.url));

let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  ann = await tokenFor(gateway, 'ann');
});
afterAll(() => gateway.stop());

/** Starts the example; `lines` grows as it prints. */
function startExample(): { lines: string[]; stop: () => Promise<void> } {
  const lines: string[] = [];
  const example = spawn(process.execPath, [EXAMPLE], {
    env: { PATH: process.env['PATH'], NATS_URL: gateway.natsServer.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  example.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    lines.splice(0, lines.length, ...text.split('\n').slice(0, -1));
  });
  return {
    lines,
    stop: async () => {
      const exited = once(example, 'exit');
      example.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    },
  };
}

/** Publishes again, without a message id, everything the stream holds of an auction. */
async function publishAgain(auctionId: string): Promise<void> {
  const nats = await connect({ servers: gateway.natsServer.url });
  const client = jetstream(nats);
  const consumer = await client.consumers.get(EVENT_STREAM, { filter_subjects: EVENT_SUBJECTS });
  const messages = await consumer.fetch({ max_messages: 100, expires: 1_000 });
  for await (const message of messages) {
    if (message.subject.endsWith(auctionId)) await client.publish(message.subject, message.data);
  }
  await nats.close();
}

test('prints each sale once, timed and bought, and nothing else; goes on after a restart', async () => {
  await until(
    'the stream is there',
    async () => (await figure(gateway.url, 'outcry_handoff_open')) === 1,
  );
  const first = startExample();
  await until('it waits', async () => first.lines.includes('waiting for sales'));

  const unsold = await newAuction(gateway, { durationSeconds: 0.2, softClose: null });
  const bought = await newAuction(gateway, { buyNowPrice: 9_900 });
  await call(gateway, 'POST', `/v1/auctions/${bought}/buy-now`, { token: ann, body: {} });
  const timed = await newAuction(gateway, { durationSeconds: 1, softClose: null });
  const bid = { token: ann, body: { maxAmount: 5_000 } };
  expect((await call(gateway, 'POST', `/v1/auctions/${timed}/bids`, bid)).status).toBe(201);
  await until('both sales are printed', async () => first.lines.length === 3);
  expect(first.lines.toSorted()).toEqual(
    [
      `sold ${bought} for 9900 to ann`,
      `sold ${timed} for 1000 to ann`,
      'waiting for sales',
    ].toSorted(),
  );

  await publishAgain(bought);
  const another = await newAuction(gateway, { buyNowPrice: 7_700 });
  await call(gateway, 'POST', `/v1/auctions/${another}/buy-now`, { token: ann, body: {} });
  await until('the next sale is printed', async () => first.lines.length >= 4);
  expect(first.lines.at(-1)).toBe(`sold ${another} for 7700 to ann`);
  await first.stop();

  const last = await newAuction(gateway, { buyNowPrice: 8_800 });
  await call(gateway, 'POST', `/v1/auctions/${last}/buy-now`, { token: ann, body: {} });
  const second = startExample();
  await until('only the new sale is printed', async () => second.lines.length === 2);
  expect(second.lines).toEqual(['waiting for sales', `sold ${last} for 8800 to ann`]);
  await second.stop();
  expect(first.lines.concat(second.lines).join('\n')).not.toContain(unsold);
});
