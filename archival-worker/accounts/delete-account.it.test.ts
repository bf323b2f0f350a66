/** An account is deleted in a whole system: what is left of it, and what still holds. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { OutcryError } from '@outcry/client/outcry-error.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import type { AuctionRequest, Role } from '@outcry/shared/contracts/api.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { DELETED_USER } from '@outcry/shared/domain/ids.ts';
import { until } from '@outcry/shared/testing/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
/** As subject and in keys, as name, and in what she wrote. */
const EVE = 'eve-unmistakable';
const NAMES = [EVE, 'Eve Nobody-Else', 'write to eve at home'];
const LONG_MS = 240_000;

const run = promisify(execFile);
let system: TestSystem;
let redis: Redis;
let sql: ReturnType<typeof postgres>;

beforeAll(async () => {
  system = await startTestSystem({ env: { FORGET_AFTER_SECONDS: '1', SHARDS: '4' } });
  redis = new Redis(system.urls['redis'] ?? '');
  sql = postgres(system.urls['postgres'] ?? '', { max: 1 });
}, 180_000);
afterAll(async () => {
  redis.disconnect();
  await sql.end();
  await system.stop();
});

async function person(userId: string, roles: readonly Role[] = ['bidder', 'seller']) {
  const options = {
    gatewayUrl: system.urls['api-gateway'] ?? '',
    historyUrl: system.urls['archival-worker'] ?? '',
  };
  const { token } = await new OutcryClient(options).devToken(userId, roles);
  return new OutcryClient({ ...options, token });
}

async function sell(seller: OutcryClient, terms: Partial<AuctionRequest>): Promise<string> {
  const common = { currency: 'EUR', startPrice: 1_000, softClose: null, durationSeconds: 3_600 };
  const item = { title: 'Lamp', description: 'A lamp.' };
  const request = { item, ...common, ...terms } as AuctionRequest;
  return (await seller.createAuction(request)).id;
}

const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'done',
    (error: OutcryError) => error.code,
  );

const countOf = async (table: string): Promise<number> => {
  const [row] = await sql<{ count: string }[]>`SELECT count(*) FROM ${sql(table)}`;
  return Number(row?.count);
};

/** What the worker has not done yet. */
const left = async (): Promise<number> =>
  (await countOf('deletions')) + (await countOf('erasures'));

/** All that Redis holds, as text. */
async function inRedis(): Promise<string> {
  const texts: unknown[] = [];
  for (const key of await redis.keys('*')) {
    texts.push(key);
    const type = await redis.type(key);
    if (type === 'string') texts.push(await redis.get(key));
    if (type === 'zset') texts.push(await redis.zrange(key, '0', '-1'));
    if (type === 'stream') texts.push(await redis.xrange(key, '-', '+'));
    if (type === 'hash') {
      const fields = Object.entries(await redis.hgetallBuffer(key));
      texts.push(fields.map(([name, value]) => `${name} ${value.toString('latin1')}`));
    }
  }
  return JSON.stringify(texts);
}

/** All rows of all tables, as text. */
async function inPostgres(): Promise<string> {
  const tables = await sql<{ name: string }[]>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await sql<{ text: string }[]>`SELECT t::text AS text FROM ${sql(name)} AS t`;
    texts.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  return texts.join('\n');
}

/** Every message in JetStream, as text. */
async function inJetStream(): Promise<string> {
  const connection = await connect({ servers: system.urls['nats'] ?? '' });
  const { streams } = await jetstreamManager(connection);
  const { state } = await streams.info(EVENT_STREAM);
  const texts: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    texts.push((await streams.getMessage(EVENT_STREAM, { seq }))?.string() ?? '');
  }
  await connection.close();
  return texts.join('\n');
}

const named = (text: string): string[] => NAMES.filter((name) => text.includes(name));

async function tool(program: string): Promise<string> {
  const { stdout } = await run(process.execPath, [TSX, program], {
    cwd: join(ROOT, 'archival-worker'),
    env: {
      PATH: process.env['PATH'],
      SHARDS: '4',
      REDIS_URL: system.urls['redis'],
      NATS_URL: system.urls['nats'],
      DATABASE_URL: system.urls['postgres'],
    },
  });
  return stdout;
}

async function proofHolds(auctionId: string): Promise<void> {
  const url = `${system.urls['archival-worker']}/v1/history/auctions/${auctionId}/proof`;
  const program = join(ROOT, 'docs/examples/check-proof.mjs');
  // It throws where the program does not exit with 0.
  await run(process.execPath, [program, url]);
}

test(
  'nothing names who has deleted the account, and all is provable',
  { timeout: 900_000 },
  async () => {
    const [sam, ben, eve] = [await person('sam'), await person('ben'), await person(EVE)];
    const key = { idempotencyKey: `key-of-${EVE}` };
    await eve.chooseName(NAMES[1] ?? '');
    await eve.createItem({ title: 'Not for sale yet', description: NAMES[2] ?? '' });

    // Beaten in one, buyer in one, seller of one; and in two that are open for a while.
    const beaten = await sell(sam, { durationSeconds: 8 });
    await eve.bid(beaten, { maxAmount: 2_000 }, key);
    await ben.bid(beaten, { maxAmount: 1_500 });
    await ben.bid(beaten, { maxAmount: 9_000 });
    const bought = await sell(sam, { buyNowPrice: 5_000 });
    await eve.buyNow(bought, key);
    const sold = await sell(eve, {
      item: { title: 'Vase', description: NAMES[2] ?? '' },
      buyNowPrice: 7_000,
    });
    await ben.buyNow(sold);
    const open = await sell(sam, { durationSeconds: 40 });
    await eve.bid(open, { maxAmount: 2_000 }, key);
    const all = [beaten, bought, sold, open];
    const before = await Promise.all([beaten, bought, sold].map((id) => headOf(id)));

    expect(await codeOf(ben.deleteAccount(EVE))).toBe('FORBIDDEN');
    await until('the archive knows who leads', async () => (await eve.userStats()).bids === 3);
    expect(await codeOf(eve.deleteAccount())).toBe('ACCOUNT_IN_USE');
    await ben.bid(open, { maxAmount: 9_000 });
    await until('the archive has it', async () => (await ben.userStats()).bids === 4);
    const data = await eve.ownData();
    expect(data.bids.map(({ auctionId }) => auctionId).toSorted()).toEqual(
      [beaten, bought, open].toSorted(),
    );
    expect(data.auctions.map(({ id }) => id)).toEqual([sold]);

    await eve.deleteAccount();
    // Whatever the worker was doing is gone on with.
    await system.part('archival-worker').kill();
    await until('her token is refused', async () => (await codeOf(eve.own(open))) === 'SIGNED_OUT');
    await until('the worker is back', async () => (await ben.userStats()).bids === 4, LONG_MS);
    await until('the deletion has ended', async () => (await left()) === 0, LONG_MS);
    expect(named(await inRedis())).toEqual([]);
    expect(named(await inPostgres())).toEqual([]);
    // There it goes by itself after seven days, for all consumers alike.
    expect(named(await inJetStream())).not.toEqual([]);

    for (const auctionId of all) await proofHolds(auctionId);
    expect(await Promise.all([beaten, bought, sold].map((id) => headOf(id)))).toEqual(before);
    expect(await tool('run-verify.ts')).not.toContain('DIFFERENCE');
    expect((await ben.archivedAuction(sold)).sellerId).toBe(DELETED_USER);
    expect((await ben.userBids()).items).toHaveLength(4);

    await redis.flushall();
    await tool('run-rebuild.ts');
    expect(named(await inRedis())).toEqual([]);
    expect(await tool('run-verify.ts')).not.toContain('DIFFERENCE');

    const again = await person(EVE);
    expect(await again.userStats()).toMatchObject({ bids: 0, auctionsWon: 0 });
    expect((await again.ownData()).bids).toEqual([]);
    const next = await sell(sam, {});
    await again.bid(next, { maxAmount: 1_500 });
    await until('her new bid is hers', async () => (await again.userBids()).items.length === 1);
  },
);

/** Once it is sealed. */
async function headOf(auctionId: string): Promise<string> {
  const client = await person('anybody');
  let head = '';
  const read = async (): Promise<boolean> => {
    ({ head } = await client.proof(auctionId));
    return head !== '';
  };
  await until('it is sealed', read, LONG_MS);
  return head;
}
