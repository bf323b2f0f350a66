import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { connectNats, ensureStream, natsSettings, type NatsLink } from './jetstream.ts';
import { createLogger } from './logger.ts';

let folder: string;
let server: LocalServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-nats-'));
  server = await startNats({
    dataDir: folder,
    config: 'authorization { users = [ { user: "ann", password: "se:cret/1" } ] }',
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(login = 'ann:se%3Acret%2F1@'): NatsLink {
  const url = server.url.replace('://', `://${login}`);
  const link = connectNats(url, 'test', createLogger('test', 'silent'));
  onTestFinished(() => link.close());
  return link;
}

const SETUP = { name: 'TEST', subjects: ['test.>'], maxBytes: 10_485_760, replicas: 1 };

test('a link that was opened while NATS was away connects when it comes', async () => {
  await server.stop();
  const link = open();
  expect(link.current()).toBeUndefined();
  await expect(link.connected(200)).rejects.toThrow('within 200 ms');
  const connecting = link.connected(20_000);
  await server.start();
  expect(await connecting).toBe(link.current());
});

test('a broken connection is not usable, is announced, and comes back', async () => {
  const link = open();
  await link.connected(10_000);
  const lost = new Promise<void>((resolve) => link.onLost(resolve));
  await server.kill();
  await lost;
  expect(link.current()).toBeUndefined();
  await server.start();
  const connection = await link.connected(20_000);
  await connection.flush();
});

test('a wrong password is tried again for ever, and a closed link says that it is closed', async () => {
  const link = open('ann:wrong@');
  await expect(link.connected(500)).rejects.toThrow('within 500 ms');
  const connecting = link.connected(60_000);
  const refused = expect(connecting).rejects.toThrow('closed');
  await link.close();
  await refused;
});

test('the stream is created once, however many ask at once, and follows its settings', async () => {
  const connection = await open().connected(10_000);
  await Promise.all([1, 2, 3, 4, 5].map(() => ensureStream(connection, SETUP)));
  await ensureStream(connection, { ...SETUP, maxBytes: 20_971_520 });
  const manager = await jetstreamManager(connection);
  const { config, created } = await manager.streams.info('TEST');
  expect(config).toMatchObject({
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    max_bytes: 20_971_520,
    max_age: 604_800_000_000_000,
    max_msg_size: 1_048_576,
    duplicate_window: 120_000_000_000,
    num_replicas: 1,
  });
  await ensureStream(connection, { ...SETUP, maxBytes: 20_971_520 });
  expect((await manager.streams.info('TEST')).created).toBe(created);
});

test('a server that takes no messages of the size of a log entry is refused', async () => {
  const small = await mkdtemp(join(tmpdir(), 'outcry-nats-'));
  const other = await startNats({ dataDir: small, config: 'max_payload: 65536' });
  const link = connectNats(other.url, 'test', createLogger('test', 'silent'));
  onTestFinished(async () => {
    await link.close();
    await other.stop();
    await rm(small, { recursive: true, force: true });
  });
  const ensured = ensureStream(await link.connected(10_000), SETUP);
  await expect(ensured).rejects.toThrow('max_payload of the NATS server is 65536');
});

test('a stream that stores in memory is not taken for ours', async () => {
  const connection = await open().connected(10_000);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'MEMORY', subjects: ['memory.>'], storage: 'memory' });
  const setup = { ...SETUP, name: 'MEMORY', subjects: ['memory.>'] };
  await expect(ensureStream(connection, setup)).rejects.toThrow('storage');
});

test.each(['http://127.0.0.1', 'nats://', 'nats://a, nats://b', '127.0.0.1:4222'])(
  'the URL %s is refused',
  (url) => {
    expect(natsSettings.safeParse({ NATS_URL: url }).success).toBe(false);
  },
);
