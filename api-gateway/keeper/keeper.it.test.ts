import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PublicEvent } from '@outcry/shared/contracts/events.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import {
  call,
  newAuction,
  SECRET,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

const GATEWAY = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let gateway: TestGateway;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  ann = await tokenFor(gateway, 'ann');
});
afterAll(() => gateway.stop());

/** The auction's events, from its log. */
const events = (id: string): Promise<PublicEvent[]> =>
  loggedEvents(gateway.redis, shardOfId(id, gateway.shards) ?? 0, id);

const ended = async (id: string): Promise<PublicEvent | undefined> =>
  (await events(id)).find((event) => event.type === 'ended');

describe('the keeper', () => {
  test('closes an auction that another gateway created a moment ago within 50 ms of its end', async () => {
    // The first gateway holds all leases, so it must hear of what the second one creates.
    const other = await gateway.startAnother();
    const at = { url: `http://127.0.0.1:${other.port}` };
    await until('the second gateway is ready', async () => {
      return (await call(at, 'GET', '/readyz')).status === 200;
    });
    const lateness: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const id = await newAuction(at, { durationSeconds: 0.3 + i / 100 });
      await until('the auction has ended', async () => (await ended(id)) !== undefined);
      const end = await ended(id);
      lateness.push(Date.parse(end?.at ?? '') - Date.parse(end?.state.endsAt ?? ''));
    }
    const median = lateness.toSorted((a, b) => a - b)[2];
    expect(median).toBeGreaterThanOrEqual(0);
    expect(median).toBeLessThanOrEqual(50);
  });

  test(`closes ${SIZES.endingTogether} auctions that end in the same second once each, within 1 s`, async () => {
    const endsAt = new Date(Date.now() + SIZES.endingTogether * 25 + 4_000);
    const ids: string[] = [];
    for (let i = 0; i < SIZES.endingTogether; i += 50) {
      const chunk = Math.min(50, SIZES.endingTogether - i);
      ids.push(
        ...(await Promise.all(
          Array.from({ length: chunk }, () =>
            newAuction(gateway, {
              durationSeconds: undefined,
              endsAt: endsAt.toISOString(),
              softClose: null,
            }),
          ),
        )),
      );
    }
    const bids = await Promise.all(
      ids.map((id) =>
        call(gateway, 'POST', `/v1/auctions/${id}/bids`, { token: ann, body: { amount: 1_000 } }),
      ),
    );
    expect(bids.every((answer) => answer.status === 201)).toBe(true);
    await pause(Math.max(0, endsAt.getTime() - Date.now()));
    await until('all have ended', async () => {
      const counts = await Promise.all(
        Array.from({ length: gateway.shards }, (_, shard) =>
          gateway.redis.zcard(shardKeys(shard).live),
        ),
      );
      return counts.every((count) => count === 0);
    });
    for (const id of ids) {
      const ends = (await events(id)).filter((event) => event.type === 'ended');
      expect(ends).toHaveLength(1);
      expect(ends[0]?.state).toMatchObject({ outcome: 'sold', leader: 1 });
      expect(Date.parse(ends[0]?.at ?? '') - endsAt.getTime()).toBeLessThan(1_000);
    }
  }, 120_000);

  test('bids around the end are either before it or refused', async () => {
    const id = await newAuction(gateway, { durationSeconds: 1, softClose: null });
    const codes: (string | undefined)[] = [];
    for (let amount = 1_000; codes.at(-1) !== 'AUCTION_ENDED'; amount += 1_000) {
      const answer = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, {
        token: ann,
        body: { amount },
      });
      codes.push(answer.body.code);
    }
    expect(new Set(codes)).toEqual(new Set([undefined, 'AUCTION_ENDED']));
    const log = await events(id);
    expect(log.at(-1)?.type).toBe('ended');
    const endsAt = log.at(-1)?.state.endsAt ?? '';
    for (const event of log.slice(0, -1)) expect(event.at < endsAt).toBe(true);
  });

  test('takes over within 5 s when the holder is killed', async () => {
    const own = await startTestGateway();
    const holder = await startProcess(own);
    try {
      const leases = Array.from({ length: own.shards }, (_, shard) => shardKeys(shard).keeperLease);
      const [before] = await own.redis.mget(...leases);
      await own.service.close();
      await until('the process holds every lease', async () => {
        const held = await own.redis.mget(...leases);
        return held.every((holder) => holder !== null && holder !== before);
      });
      const survivor = await own.startAnother();
      const at = { url: `http://127.0.0.1:${survivor.port}` };
      await until('the survivor is ready', async () => {
        return (await call(at, 'GET', '/readyz')).status === 200;
      });
      const id = await newAuction(at, { durationSeconds: 1 });
      holder.kill('SIGKILL');
      const killedAt = Date.now();
      const { live } = shardKeys(shardOfId(id, own.shards) ?? 0);
      await until('the auction is closed', async () => (await own.redis.zscore(live, id)) === null);
      expect(Date.now() - killedAt).toBeLessThan(5_000);
    } finally {
      holder.kill('SIGKILL');
      await own.stop();
    }
  });

  test('starts the new epoch of every open auction after a restart of Redis, without a bid', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => newAuction(gateway)));
    await gateway.redisServer.kill();
    await gateway.redisServer.start();
    for (const id of ids) {
      await until(
        'the epoch event is logged',
        async () => (await events(id)).at(-1)?.type === 'epoch',
      );
      const last = (await events(id)).at(-1);
      expect(last?.seq).toBe(3);
      expect(last?.epoch).toBeGreaterThan(1);
    }
  });
});

/** A gateway as a process of its own, on the same servers. */
async function startProcess(on: TestGateway): Promise<ChildProcess> {
  const child = spawn(process.execPath, [GATEWAY], {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: on.redisServer.url,
      NATS_URL: on.natsServer.url,
      HOST: '127.0.0.1',
      PORT: '0',
      SHARDS: `${on.shards}`,
      AUTH_MODE: 'dev',
      JWT_SECRET: SECRET,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the gateway ended')));
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes('"msg":"ready"')) resolve();
    });
  });
  return child;
}
