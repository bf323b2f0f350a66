import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { auctionKeys, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
let nats: NatsConnection;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  await until('JetStream takes events', async () => (await metric('outcry_handoff_open')) === 1);
  nats = await connect({ servers: gateway.natsServer.url, maxReconnectAttempts: -1 });
  ann = await tokenFor(gateway, 'ann');
});
afterAll(async () => {
  await nats.close();
  await gateway.stop();
});

const metric = (name: string): Promise<number> => figure(gateway.url, name);
const keysOf = (id: string) => auctionKeys(shardOfId(id, gateway.shards) ?? 0, id);
const publishedSeq = async (id: string) =>
  Number(await gateway.redis.hget(keysOf(id).auction, 'publishedSeq'));
const bid = (id: string, amount: number) =>
  call(gateway, 'POST', `/v1/auctions/${id}/bids`, { token: ann, body: { maxAmount: amount } });

/** Every message in the stream: its id and its text. */
async function messages(): Promise<{ id: string; text: string }[]> {
  // After an outage of NATS it takes a moment until the connection is back.
  await until('NATS answers', () => nats.rtt().then(() => true));
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info(EVENT_STREAM);
  const found: { id: string; text: string }[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(EVENT_STREAM, { seq });
    if (message !== null)
      found.push({ id: message.header.get('Nats-Msg-Id'), text: message.string() });
  }
  return found;
}

describe('the hand-off', () => {
  test('publishes each log entry unchanged under its message id and moves the mark', async () => {
    const id = await newAuction(gateway);
    await bid(id, 2_000);
    await bid(id, 3_000);
    await until('all is published', async () => (await publishedSeq(id)) === 4);
    const log = await loggedTexts(gateway.redis, shardOfId(id, gateway.shards) ?? 0, id);
    const sent = (await messages()).filter((message) => message.id.startsWith(id));
    expect(sent.map((message) => message.id)).toEqual([`${id}:1:2`, `${id}:1:3`, `${id}:1:4`]);
    expect(sent.map((message) => message.text)).toEqual(log);
    for (const message of sent) {
      for (const line of eventLines(message.text)) expect(splitEventLine(line).auctionId).toBe(id);
    }
  });

  test('kill -9 of NATS stops no bid, and the keeper publishes what was missed', async () => {
    const id = await newAuction(gateway);
    await bid(id, 2_000);
    await until('the first bid is published', async () => (await publishedSeq(id)) === 3);
    await gateway.natsServer.kill();
    for (let amount = 3_000; amount <= 6_000; amount += 1_000) {
      expect((await bid(id, amount)).status).toBe(201);
    }
    await gateway.natsServer.start();
    await until('the rest is published', async () => (await publishedSeq(id)) === 7);
    const ids = (await messages())
      .map((message) => message.id)
      .filter((each) => each.startsWith(id));
    expect(ids).toEqual([
      `${id}:1:2`,
      `${id}:1:3`,
      `${id}:1:4`,
      `${id}:1:5`,
      `${id}:1:6`,
      `${id}:1:7`,
    ]);
  });

  test('a NATS that hangs costs no bid anything, and nothing is lost by it', async () => {
    const id = await newAuction(gateway);
    await bid(id, 2_000);
    await until('the first bid is published', async () => (await publishedSeq(id)) === 3);
    const before = await metric('outcry_handoff_left_to_keeper');
    const pid = gateway.natsServer.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      // The server's socket is still open: only the time limit of a publish tells.
      expect((await bid(id, 3_000)).status).toBe(201);
      await until('the way is closed', async () => (await metric('outcry_handoff_open')) === 0);
      for (let amount = 4_000; amount <= 23_000; amount += 1_000) {
        expect((await bid(id, amount)).status).toBe(201);
      }
      expect(await metric('outcry_handoff_in_flight')).toBe(0);
      expect(await metric('outcry_handoff_left_to_keeper')).toBe(before + 21);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('the rest is published', async () => (await publishedSeq(id)) === 24);
    expect(await metric('outcry_handoff_open')).toBe(1);
  });
});
