/** Whoever changes a row of the archive is found out, and the row is named. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auctionKeys, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { loggedTexts, storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { toolSettings } from '../config.ts';
import { runVerify } from '../create-verify.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';
import { differenceText } from './difference.ts';

const BIDS = 8;
/** scheduled, started, the bids. */
const LIVE_EVENTS = 2 + BIDS;
const ENDED_EVENTS = LIVE_EVENTS + 1;

let system: TestSystem;
let scripted: ScriptedAuctions;
let auctions = 0;
/** Made all at once: an auction takes its time to end. */
let forgotten: string[];

beforeAll(async () => {
  system = await TestSystem.start();
  scripted = new ScriptedAuctions(system.redisClient, SHARDS);
  await system.startWorker();
  await until('whole', async () => (await system.redisClient.exists('outcry:shards')) === 1);
  forgotten = await Promise.all(Array.from({ length: CHANGES.length + 2 }, forgottenAuction));
});
afterAll(() => system.stop());

const keysOf = (auctionId: string) => auctionKeys(1, auctionId);

/** Publishes the auction's log, as gateways do, and waits until it is archived. */
async function archive(auctionId: string): Promise<void> {
  const subject = eventSubject(1, auctionId);
  const texts = await loggedTexts(system.redisClient, 1, auctionId);
  await system.publish(texts.map((text) => ({ subject, text })));
  await until('archived, as Redis knows', async () => {
    const { seq } = await storedAuction(system.redisClient, 1, auctionId);
    return (await system.redisClient.hget(keysOf(auctionId).auction, 'archivedSeq')) === `${seq}`;
  });
}

async function newAuction(durationMs: number): Promise<string> {
  auctions += 1;
  const auctionId = `a1-verify${auctions}`;
  await scripted.create(auctionId, { durationMs });
  for (let i = 0; i < BIDS; i += 1) {
    const [answer] = await scripted.bid(auctionId, {
      userId: `user-${i % 3}`,
      amount: 1_000 + i * 100,
    });
    if (!answer?.includes('+OK')) throw new Error(`the bid was not accepted: ${answer}`);
  }
  return auctionId;
}

/** Live, in Redis and JetStream. */
async function liveAuction(): Promise<string> {
  const auctionId = await newAuction(600_000);
  await archive(auctionId);
  return auctionId;
}

/** One that nobody has touched yet. */
function anotherForgotten(): string {
  const auctionId = forgotten.pop();
  if (auctionId === undefined) throw new Error('make more of them');
  return auctionId;
}

/** Sealed, and only Postgres still has it. */
async function forgottenAuction(): Promise<string> {
  const auctionId = await newAuction(3_000);
  await until('over', async () => {
    await scripted.touch(auctionId);
    return (await system.redisClient.hget(keysOf(auctionId).auction, 'status')) === 'ended';
  });
  await archive(auctionId);
  await until('sealed', async () => {
    const rows = await system.sql`
      SELECT FROM seals WHERE auction_id = ${auctionId} AND redis_answer = 'sealed'`;
    return rows.length === 1;
  });
  await system.redisClient.del(Object.values(keysOf(auctionId)));
  await system.purge(eventSubject(1, auctionId));
  return auctionId;
}

const settings = () => {
  const { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: shards } = system.settings();
  return toolSettings('verify', {}, { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${shards}` });
};

async function verify(auctionId?: string): Promise<string[]> {
  const found: string[] = [];
  await runVerify(
    settings(),
    {
      progress: () => undefined,
      found: (difference) => found.push(differenceText(difference)),
      ...(auctionId === undefined ? {} : { auctionId }),
    },
    createLogger('verify', 'silent'),
  );
  return found;
}

const row = (auctionId: string, seq: number): string => `${auctionId}, epoch 1, seq ${seq}: `;

/** Writes other bytes, and the payload hash that goes with them. */
async function forge(auctionId: string, seq: number, change: (text: string) => string) {
  const [stored] = await system.sql<{ public: string; salt: string; private: string }[]>`
    SELECT public, salt, private FROM events WHERE auction_id = ${auctionId} AND seq = ${seq}`;
  if (stored === undefined) throw new Error('no row');
  const shown = change(stored.public);
  const line = `{"v":1,"auctionId":"${auctionId}","public":${shown},"salt":"${stored.salt}","private":${stored.private}}`;
  const payloadHash = createHash('sha256').update(line).digest();
  await system.sql`
    UPDATE events SET public = ${shown}, payload_hash = ${payloadHash}
     WHERE auction_id = ${auctionId} AND seq = ${seq}`;
}

const laterEnd = (text: string): string => text.replace(/"at":"2/, '"at":"3');

/** Gives two rows each other's place. */
async function swap(auctionId: string, one: number, other: number): Promise<void> {
  const move = (from: number, to: number) => system.sql`
    UPDATE events SET seq = ${to} WHERE auction_id = ${auctionId} AND seq = ${from}`;
  await move(one, 1_000_000);
  await move(other, one);
  await move(1_000_000, other);
}

type Change = (auctionId: string, seq: number) => Promise<unknown>;

const CHANGES: [string, Change, RegExp][] = [
  [
    'a typed column',
    (id, seq) => system.sql`
      UPDATE events SET amount = amount + 1 WHERE auction_id = ${id} AND seq = ${seq}`,
    /column amount is/,
  ],
  [
    'whose bid it was',
    (id, seq) => system.sql`
      UPDATE events SET user_id = 'thief' WHERE auction_id = ${id} AND seq = ${seq}`,
    /column userId is thief/,
  ],
  [
    'the public bytes',
    (id, seq) => system.sql`
      UPDATE events SET public = public || ' ' WHERE auction_id = ${id} AND seq = ${seq}`,
    /payload hash differs/,
  ],
  [
    'the private bytes',
    (id, seq) => system.sql`
      UPDATE events SET private = replace(private, 'user-', 'uses-')
       WHERE auction_id = ${id} AND seq = ${seq}`,
    /payload hash differs|column userId/,
  ],
  [
    'a row, by deleting it',
    (id, seq) => system.sql`DELETE FROM events WHERE auction_id = ${id} AND seq = ${seq}`,
    /the row is missing/,
  ],
  ['two rows, by swapping them', (id, seq) => swap(id, seq, seq + 1), /column seq is/],
  [
    'a row and its hash and column, all consistently',
    forgeAll,
    /not the one that was sealed|Redis's log/,
  ],
];

/** Bytes, hash and column all tell the same lie. */
async function forgeAll(auctionId: string, seq: number): Promise<void> {
  await forge(auctionId, seq, laterEnd);
  await system.sql`
    UPDATE events SET at = at + interval '1000 years' WHERE auction_id = ${auctionId} AND seq = ${seq}`;
}

describe('what is as it was', () => {
  test('a live auction, and one that only Postgres has', async () => {
    expect(await verify(await liveAuction())).toEqual([]);
    expect(await verify(anotherForgotten())).toEqual([]);
    expect(await verify()).toEqual([]);
  });

  test('events on their way are no difference', async () => {
    const auctionId = await liveAuction();
    await scripted.bid(auctionId, { userId: 'late', amount: 5_000 });
    expect(await verify(auctionId)).toEqual([]);
  });
});

describe('in a live auction, still in Redis', () => {
  test.each(CHANGES)('%s', async (_name, change, what) => {
    const auctionId = await liveAuction();
    await change(auctionId, 6);
    const [found] = await verify(auctionId);
    expect(found).toContain(row(auctionId, 6));
    expect(found).toMatch(what);
  });

  test('the last row, deleted', async () => {
    const auctionId = await liveAuction();
    await system.sql`DELETE FROM events WHERE auction_id = ${auctionId} AND seq = ${LIVE_EVENTS}`;
    expect((await verify(auctionId))[0]).toContain(row(auctionId, LIVE_EVENTS));
  });

  test('a row that Redis forgot, by JetStream', async () => {
    const auctionId = await liveAuction();
    await system.redisClient.del(keysOf(auctionId).log, keysOf(auctionId).auction);
    await forgeAll(auctionId, 5);
    expect((await verify(auctionId))[0]).toBe(`${row(auctionId, 5)}the row differs from JetStream`);
  });

  test("the auction's state, and every row of it", async () => {
    const auctionId = await liveAuction();
    await system.sql`UPDATE auctions SET price = price + 1 WHERE id = ${auctionId}`;
    expect((await verify(auctionId))[0]).toContain("the auction's price is");
    await system.sql`DELETE FROM events WHERE auction_id = ${auctionId}`;
    expect((await verify(auctionId))[0]).toContain(row(auctionId, 1));
  });
});

describe('in a sealed auction that only Postgres has', () => {
  test.each(CHANGES)('%s', async (_name, change, what) => {
    const auctionId = anotherForgotten();
    await change(auctionId, 6);
    const [found] = await verify(auctionId);
    expect(found).toContain(row(auctionId, 6));
    expect(found).toMatch(what);
  });

  test('the last row, deleted', async () => {
    const auctionId = anotherForgotten();
    await system.sql`DELETE FROM events WHERE auction_id = ${auctionId} AND seq = ${ENDED_EVENTS}`;
    expect((await verify(auctionId))[0]).toContain(row(auctionId, ENDED_EVENTS));
  });
});

describe('the rest', () => {
  test('statistics that are not what the rows give', async () => {
    const auctionId = await liveAuction();
    await system.sql`
      UPDATE bid_hours SET bids = bids + 1 WHERE auction_id = ${auctionId} AND user_id = 'user-1'`;
    expect((await verify(auctionId))[0]).toMatch(/bid_hours: .*user-1.*a recount gives 3 bids/);
  });

  test('the command: the difference, and its exit code', async () => {
    const auctionId = await liveAuction();
    expect(await command(auctionId)).toMatchObject({ code: 0 });
    await system.sql`DELETE FROM events WHERE auction_id = ${auctionId} AND seq = 4`;
    const verdict = await command(auctionId);
    expect(verdict.text).toContain(`DIFFERENCE  ${row(auctionId, 4)}the row is missing`);
    expect(verdict.code).toBe(1);
  });
});

const COMMAND = fileURLToPath(new URL('../run-verify.ts', import.meta.url));

const command = (auctionId: string): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    const { REDIS_URL, NATS_URL, DATABASE_URL } = settings();
    const args = ['--import', 'tsx', COMMAND, '--auction', auctionId];
    const env = { ...process.env, REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` };
    const child = execFile(process.execPath, args, { env }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, text: out + err }),
    );
  });
