/** A Redis that lost something while it was down is noticed before a bid is answered from it. */
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys, SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { Bidders, createAuction, send, type JsonAnswer } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';

const SHARDS = 4;
const AUCTIONS = 3;

let system: DeployedSystem;
let gatewayUrl: string;
let secret: string;
let auctions: readonly string[];
/** Redis's data, copies of an earlier moment and of the last one, and its users. */
let data: string;
let earlier: string;
let whole: string;
let users: string;

beforeAll(async () => {
  system = await deploySystem();
  const [gateway] = system.gateways;
  gatewayUrl = gateway?.server.url ?? '';
  secret = gateway?.environment['JWT_SECRET'] ?? '';
  data = join(system.folder, 'redis');
  earlier = join(system.folder, 'earlier');
  whole = join(system.folder, 'whole');
  users = join(system.folder, 'secrets', 'redis-users.acl');
  auctions = await Promise.all(
    Array.from({ length: AUCTIONS }, () => createAuction(gatewayUrl, secret)),
  );
  await takeBids(30);
  await system.servers.redis.stop();
  await cp(data, earlier, { recursive: true });
  await system.servers.redis.start();
  await waitUntil(async () => (await bidOn(auctions[0])).status !== 503, {
    withinMs: 20_000,
    what: 'bids being taken again',
  });
  await takeBids(200);
  // What was answered is in JetStream within 5 ms, or published by the keeper after a second.
  const history = `${system.workers[0]?.server.url}/v1/history/auctions`;
  await waitUntil(
    async () => {
      const pairs = await Promise.all(
        auctions.map(async (id) => [
          (await send(`${history}/${id}`, undefined)).body['seq'],
          (await send(`${gatewayUrl}/v1/auctions/${id}`, undefined)).body['seq'],
        ]),
      );
      return pairs.every(([archived, held]) => archived === held);
    },
    { withinMs: 20_000, what: 'the archive to have everything' },
  );
  await system.servers.redis.stop();
  await cp(data, whole, { recursive: true });
});
afterAll(() => system?.stop());

interface Harm {
  readonly name: string;
  /** Changes the data while Redis is down. */
  readonly do: () => Promise<unknown>;
}

const HARMS: readonly Harm[] = [
  { name: 'an older copy is put back', do: () => replaceData(earlier) },
  { name: 'the end of the file is missing', do: () => cutTo((size) => size - 30_000) },
  { name: 'half of the file is missing', do: () => cutTo((size) => Math.floor(size / 2)) },
  { name: 'nothing but the base file is left', do: () => cutTo(() => 0) },
  { name: 'the append-only folder is gone', do: () => rm(aofFolder(), { recursive: true }) },
  { name: 'the data folder is empty', do: () => rm(data, { recursive: true }) },
  { name: 'the user that replays the file may do nothing', do: takeRightsFromDefault },
  {
    name: 'auctions are deleted',
    do: () => edit(async (redis) => redis.del(auctions.map((id) => keysOf(id).auction))),
  },
  { name: 'everything is deleted', do: () => edit((redis) => redis.flushall()) },
  { name: 'it is the Redis of another system', do: () => edit(makeAnotherSystem) },
];

test.each(HARMS)('$name', { timeout: 60_000 }, async ({ do: harm }) => {
  await replaceData(whole);
  await harm();
  const answers: JsonAnswer[] = [];
  const over = new AbortController();
  const asking = Promise.all(
    auctions.map(async (id) => {
      while (!over.signal.aborted) answers.push(await bidOn(id));
    }),
  );
  onTestFinished(async () => {
    over.abort();
    await asking;
    await system.servers.redis.stop();
  });
  await untilBothSay('no connection to Redis');
  await system.servers.redis.start();
  await untilBothSay('npm run rebuild');
  const seen = answers.length;
  await waitUntil(() => answers.length > seen + 20, { withinMs: 10_000, what: 'more answers' });
  const codes = new Set(answers.map(({ status, body }) => `${status} ${String(body['code'])}`));
  expect([...codes].filter((code) => !code.startsWith('503'))).toEqual([]);
});

test('nothing is missing: it goes on', { timeout: 60_000 }, async () => {
  await replaceData(whole);
  await system.servers.redis.start();
  for (const id of auctions) {
    await waitUntil(async () => (await bidOn(id)).status === 201, {
      withinMs: 20_000,
      what: 'a bid being taken',
    });
  }
});

async function takeBids(count: number): Promise<void> {
  const bidders = new Bidders(gatewayUrl, secret, auctions);
  await bidders.reach(count);
  await bidders.stop();
}

let offered = 50_000_000;

function bidOn(id = ''): Promise<JsonAnswer> {
  offered += 100_000;
  const token = signToken(secret, 'zoe', ['bidder']);
  return send(`${gatewayUrl}/v1/auctions/${id}/bids`, token, { maxAmount: offered });
}

/** Until gateway and worker give this as the reason why they are not ready. */
async function untilBothSay(reason: string): Promise<void> {
  const urls = [gatewayUrl, system.workers[0]?.server.url ?? ''];
  const says = async (url: string): Promise<boolean> => {
    const response = await fetch(`${url}/readyz`);
    return response.status === 503 && (await response.text()).includes(reason);
  };
  await waitUntil(async () => (await Promise.all(urls.map(says))).every(Boolean), {
    withinMs: 20_000,
    what: `gateway and worker saying "${reason}"`,
  });
}

async function replaceData(copy: string): Promise<void> {
  await rm(data, { recursive: true, force: true });
  await cp(copy, data, { recursive: true });
}

const aofFolder = (): string => join(data, 'appendonlydir');

/** Cuts the file to which Redis appends. */
async function cutTo(size: (present: number) => number): Promise<void> {
  const name = (await readdir(aofFolder())).find((file) => file.endsWith('.incr.aof')) ?? '';
  const file = join(aofFolder(), name);
  await truncate(file, size((await readFile(file)).length));
}

async function takeRightsFromDefault(): Promise<void> {
  const shipped = await readFile(users, 'utf8');
  await writeFile(users, shipped.replace(/^user default .*$/m, 'user default off resetpass -@all'));
  onTestFinished(() => writeFile(users, shipped));
}

/** Changes the data through a Redis without users. */
async function edit(change: (redis: Redis) => Promise<unknown>): Promise<void> {
  const server = await startRedis({ dataDir: data });
  const redis = new Redis(server.url);
  await change(redis);
  redis.disconnect();
  await server.stop();
}

async function makeAnotherSystem(redis: Redis): Promise<void> {
  await redis.flushall();
  await redis.set(SHARDS_KEY, `${SHARDS}`);
  for (let shard = 0; shard < SHARDS; shard += 1) await redis.set(shardKeys(shard).whole, 'other');
}

const keysOf = (id: string) => auctionKeys(shardOfId(id, SHARDS) ?? 0, id);
