/** Receipts are matched to what they are for, on a real server: the good, the bad, and the missing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { connectNats, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import { PublishReceipts } from './publish-receipts.ts';

const SUBJECT = 'test.one';
const LONGEST = 100;

let folder: string;
let server: LocalServer;
let link: NatsLink;
let connection: NatsConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-receipts-'));
  server = await startNats({ dataDir: folder });
  link = connectNats(server.url, 'test', createLogger('test', 'silent'));
  connection = await link.connected(10_000);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'TEST', subjects: ['test.>'], max_msg_size: LONGEST });
});
afterAll(async () => {
  await link.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const entry = (seq: number, text = 'x'): LogEntry => ({
  auctionId: 'a0-x',
  epoch: 1,
  firstSeq: seq,
  lastSeq: seq,
  size: text.length,
  lines: () => text,
});

/** What came of each entry, by its seq, and of each receipt. */
let became: Map<number, string>;
let heard: string[];
let receipts: PublishReceipts;

const outcome = (failure: Error | undefined): string => failure?.message ?? 'stored';
const publish = (each: LogEntry, subject = SUBJECT): void =>
  receipts.publish(subject, each, undefined, ({ lastSeq }, failure) => {
    expect(became.has(lastSeq)).toBe(false);
    became.set(lastSeq, outcome(failure));
  });

beforeEach(() => {
  became = new Map();
  heard = [];
  receipts = new PublishReceipts(connection, link.newInbox(), (failure) =>
    heard.push(outcome(failure)),
  );
  onTestFinished(() => receipts.close(new Error('over')));
});

test('each receipt goes to the entry it is for', async () => {
  const tooLong = 'x'.repeat(LONGEST + 1);
  for (let seq = 1; seq <= 100; seq += 1) publish(entry(seq, seq % 3 === 0 ? tooLong : 'x'));
  await until('all have receipts', async () => became.size === 100);
  for (const [seq, came] of became) {
    expect(came).toMatch(seq % 3 === 0 ? /^JetStream refused a message: .*size/ : /^stored$/);
  }
  expect(heard.toSorted()).toEqual([...became.values()].toSorted());
  expect(receipts.isOverdue).toBe(false);
});

test('a message that no stream takes has failed at once', async () => {
  publish(entry(1), 'elsewhere.one');
  await until('it has failed', async () => became.size === 1);
  expect(became.get(1)).toBe('there is no event stream');
});

test('a message that the connection does not take throws, and waits for nothing', () => {
  expect(() => publish(entry(1), 'no subject')).toThrow();
  expect(became.size).toBe(0);
  receipts.close(new Error('over'));
  expect(became.size).toBe(0);
});

test('a receipt that does not come is overdue, and what waits fails with the end', async () => {
  const pid = server.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    publish(entry(1));
    publish(entry(2));
    expect(receipts.isOverdue).toBe(false);
    await until('it is overdue', async () => receipts.isOverdue);
    expect(became.size).toBe(0);
    receipts.close(new Error('over'));
    expect([...became]).toEqual([
      [1, 'over'],
      [2, 'over'],
    ]);
    expect(receipts.isOverdue).toBe(false);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  // The receipts that come now are for nobody.
  await connection.flush();
  expect(heard).toEqual([]);
});

test('what may wait for a receipt is bounded, and the rest fails alone', async () => {
  const many = 20_001;
  for (let seq = 1; seq <= many; seq += 1) publish(entry(seq));
  expect([...became]).toEqual([[many, 'too many entries wait for a receipt']]);
  await until('the others have receipts', async () => became.size === many);
  expect(heard).toHaveLength(many - 1);
  expect(new Set(heard)).toEqual(new Set(['stored']));
});
