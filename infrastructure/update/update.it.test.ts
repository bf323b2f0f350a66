/** An update from version 1: what it left goes on under this one, and both may be at work for a while. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { Bidders, send } from '../testing/bidders.ts';
import { type DeployedSystem, deploySystem } from '../testing/deployed-system.ts';
import { serviceAccount } from '../testing/image-service.ts';
import { type SecuredServers } from '../testing/secured-servers.ts';

const SHARDS = 4;
const HOUR_MS = 3_600_000;
const BIDS_EACH = 40;

let system: DeployedSystem;
let gatewayUrl: string;
let secret: string;
let connection: Redis;
let version1: Version1;
/** What version 1 answered, by auction and key. */
const answered = new Map<string, string>();

const LIVE = ['a0-live', 'a1-live', 'a2-live'];
const ENDING = 'a3-ending';
const SCHEDULED = 'a0-scheduled';

beforeAll(async () => {
  system = await deploySystem({ prepare: leaveAuctions });
  const [gateway] = system.gateways;
  gatewayUrl = gateway?.server.url ?? '';
  secret = gateway?.environment['JWT_SECRET'] ?? '';
}, 120_000);
afterAll(async () => {
  connection?.disconnect();
  await system?.stop();
});

const shardOf = (auctionId: string): number => Number(auctionId[1]);

/** A Redis as version 1 leaves it when it is stopped: bids were taken and nothing is published yet. */
async function leaveAuctions(servers: SecuredServers): Promise<void> {
  const admin = new Redis(servers.redisAdminUrl);
  for (let shard = 0; shard < SHARDS; shard += 1) await admin.set(`{s${shard}}:whole`, '1');
  await admin.set('outcry:shards', `${SHARDS}`);
  admin.disconnect();
  connection = new Redis((await servers.secrets('api-gateway'))['REDIS_URL'] ?? '');
  version1 = new Version1(connection);
  for (const id of LIVE) await version1.create(shardOf(id), id, { durationMs: HOUR_MS });
  await version1.create(shardOf(SCHEDULED), SCHEDULED, { startsInMs: 1_500, durationMs: HOUR_MS });
  await version1.create(shardOf(ENDING), ENDING, { durationMs: 1_000 });
  for (const id of [...LIVE, ENDING]) {
    for (let nth = 0; nth < BIDS_EACH; nth += 1) await bidByVersion1(id, nth);
  }
}

/** Every fifth bid is too low. */
async function bidByVersion1(auctionId: string, nth: number): Promise<void> {
  const key = `key|${nth}`;
  const maxAmount = nth % 5 === 4 ? 1 : 2_000 + nth * 500;
  const bid = { userId: `user-${nth % 3}`, maxAmount, key };
  answered.set(`${auctionId} ${nth}`, await version1.bid(shardOf(auctionId), auctionId, bid));
}

const auctionUrl = (auctionId: string): string => `${gatewayUrl}/v1/auctions/${auctionId}`;

/** Accepted bids that version 1 gave on an auction. */
const acceptedBefore = (auctionId: string): number =>
  Array.from(answered).filter(
    ([of, answer]) => of.startsWith(auctionId) && answer.startsWith('OK|'),
  ).length;

/** Compares log, stream and archive, with the tool that is shipped. @throws Error when they differ */
const verify = async (): Promise<string> =>
  mustRun(process.execPath, ['run-verify.js'], {
    cwd: system.workers[0]?.folder ?? '',
    env: {
      ...(await system.servers.secrets('verify')),
      SHARDS: `${SHARDS}`,
      PATH: dirname(process.execPath),
    },
    ...serviceAccount,
  });

/** Waits until all that was decided is archived; the shipped tool finds each event exactly once. */
async function untilArchived(): Promise<void> {
  let said = '';
  await waitUntil(
    async () => {
      said = await verify().catch(String);
      return said.includes('archived events') && !said.includes('Error');
    },
    { withinMs: 60_000, everyMs: 1_000, what: 'everything to be archived' },
  ).catch((error: unknown) => {
    throw new Error(said, { cause: error });
  });
}

test('auctions go on where they stood, and what ended meanwhile has ended once', async () => {
  for (const id of LIVE) {
    const { status, body } = await send(auctionUrl(id), undefined);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'live', bidCount: acceptedBefore(id) });
    expect(body['item']).toMatchObject({ title: 'A "lamp"' });
  }
  await waitUntil(
    async () => (await send(auctionUrl(SCHEDULED), undefined)).body['status'] === 'live',
    { withinMs: 10_000, what: 'the scheduled auction to start' },
  );
  // On a slow machine it may have been over before its first bid.
  const outcome = acceptedBefore(ENDING) > 0 ? 'sold' : 'no_bids';
  await waitUntil(
    async () => (await send(auctionUrl(ENDING), undefined)).body['outcome'] === outcome,
    {
      withinMs: 10_000,
      what: 'the other one to end',
    },
  );
});

test('a bid that is sent again gets its first answer, accepted or refused', async () => {
  for (const id of LIVE) {
    for (const nth of [0, 4, BIDS_EACH - 2, BIDS_EACH - 1]) {
      const first = answered.get(`${id} ${nth}`) ?? '';
      const maxAmount = nth % 5 === 4 ? 1 : 2_000 + nth * 500;
      const { status, body } = await send(
        `${auctionUrl(id)}/bids`,
        signToken(secret, `user-${nth % 3}`, ['bidder']),
        { maxAmount },
        { 'idempotency-key': `key|${nth}` },
      );
      const [code, bidId, epoch, seq] = first.split('|');
      if (code === 'OK') {
        expect(status).toBe(201);
        expect(body).toMatchObject({ bidId, epoch: Number(epoch), seq: Number(seq) });
      } else {
        expect(body).toMatchObject({ code, minimumBid: Number(bidId) });
      }
    }
  }
});

test('new bids follow the old ones, by the same aliases, and all are archived once', async () => {
  const [id = ''] = LIVE;
  const before = (await send(auctionUrl(id), undefined)).body;
  const { status, body } = await send(
    `${auctionUrl(id)}/bids`,
    signToken(secret, 'user-1', ['bidder']),
    { maxAmount: 1_000_000 },
  );
  expect(status).toBe(201);
  expect(body).toMatchObject({ bidder: 2, seq: Number(before['seq']) + 1 });
  const bidders = new Bidders(gatewayUrl, secret, LIVE);
  await bidders.reach(100);
  await bidders.stop();
  await untilArchived();
});

test('a gateway of version 1 that is still at work loses no bid and doubles none', async () => {
  const ids = [0, 1, 2, 3].map((shard) => `a${shard}-rolling`);
  for (const id of ids) await version1.create(shardOf(id), id, { durationMs: HOUR_MS });
  const accepted = new Map(ids.map((id) => [id, 0]));
  const count = (id: string, more: number): void => {
    accepted.set(id, (accepted.get(id) ?? 0) + more);
  };
  let refused = 0;
  const stop = new AbortController();
  const old = async (): Promise<void> => {
    for (let nth = 0; !stop.signal.aborted; nth += 1) {
      const id = ids[nth % ids.length] ?? '';
      const bid = { userId: `old-${nth % 5}`, maxAmount: 3_000 + nth * 1_000, key: `old-${nth}` };
      const answer = await version1.bid(shardOf(id), id, bid).catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'ReplyError')) throw error;
        refused += 1;
        return '';
      });
      if (answer.startsWith('OK|')) count(id, 1);
    }
  };
  const oldBids = old();
  await waitUntil(() => [...accepted.values()].every((bids) => bids > 20), {
    withinMs: 20_000,
    what: 'version 1 to have taken bids',
  });
  const bidders = new Bidders(gatewayUrl, secret, ids);
  await bidders.reach(200);
  await waitUntil(() => refused > 20, { withinMs: 20_000, what: 'version 1 to be refused' });
  await bidders.stop();
  stop.abort();
  await oldBids;
  expect(bidders.failures).toEqual([]);
  for (const { auctionId } of bidders.accepted) count(auctionId, 1);
  await untilArchived();
  for (const id of ids) {
    // A raise of one's own maximum counts as accepted, and not as a bid.
    const { body } = await send(auctionUrl(id), undefined);
    expect(Number(body['seq'])).toBe((accepted.get(id) ?? 0) + 2);
  }
});

const SCRIPT = `#!lua\n${readFileSync(new URL('version-1.lua', import.meta.url), 'utf8')}`;

interface Version1Bid {
  readonly userId: string;
  readonly maxAmount: number;
  readonly key: string;
}

interface Version1Terms {
  readonly startsInMs?: number;
  readonly durationMs: number;
}

/** Auctions as version 1 wrote them: its script, its names. */
class Version1 {
  readonly #redis: Redis;

  /** @param redis with the rights of a gateway */
  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** @throws Error when it is not created */
  async create(shard: number, auctionId: string, terms: Version1Terms): Promise<void> {
    const { startsInMs = 0, durationMs } = terms;
    const item = { id: `i${auctionId.slice(1)}`, title: 'A "lamp"' };
    const startsAt = startsInMs === 0 ? 0 : Date.now() + startsInMs;
    const creation = {
      item,
      newItem: true,
      sellerId: 'sam',
      currency: 'EUR',
      startPrice: 1_000,
      reservePrice: 0,
      buyNowPrice: 0,
      increments: '0:10,10000:100',
      startsAt,
      endsAt: 0,
      durationMs,
      softWindowMs: 0,
      softExtendMs: 0,
      hardEndsAt: 0,
    };
    const open = JSON.stringify({ id: auctionId, item, sellerId: 'sam', currency: 'EUR' });
    const texts = [JSON.stringify(creation), open.slice(0, -1), JSON.stringify(item)];
    const answer = await this.#call(shard, auctionId, ['sam', 'f', 'created', ''], texts);
    if (!answer.startsWith('OK|')) throw new Error(`not created: ${answer}`);
  }

  /** @returns `CODE|body` @throws ReplyError for an auction that the present version has taken over */
  bid(shard: number, auctionId: string, { userId, maxAmount, key }: Version1Bid): Promise<string> {
    const command = [userId, `max:${maxAmount}`, key, `${maxAmount}`] as const;
    return this.#call(shard, auctionId, command);
  }

  async #call(
    shard: number,
    auctionId: string,
    [userId, fingerprint, key, maximum]: readonly [string, string, string, string],
    texts: readonly string[] = [],
  ): Promise<string> {
    const s = `{s${shard}}`;
    const lists = ['scheduled', 'live', 'ended'].map((name) => `${s}:auctions:${name}`);
    const own = ['auction', 'log', 'bidders', 'answers'].map((name) => `${s}:${name}:${auctionId}`);
    const item = `${s}:item:i${auctionId.slice(1)}`;
    const keys = [...lists, `${s}:busy-items`, `${s}:behind`, ...own, item];
    const places = [`${s}:notices`, `${s}:due`, `${s}:live:${auctionId}`, auctionId, hex(16)];
    const command = [userId, `b-${hex(8)}`, hex(16), fingerprint, key, maximum];
    const words = [...places, ...command, ...texts];
    return String(await this.#redis.eval(SCRIPT, keys.length, ...keys, ...words));
  }
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
