/**
 * Raw protocol clients on two nodes while bids arrive, and everything that can break does: at the
 * end each has the true state, none ever went back, and every seq is accounted for.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RawAccount, type RawOptions, RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const { viewers: VIEWERS, bids: BIDS } = SIZES.liveFaults;
const BIDS_A_CALL = 5;
/** Bids per second: enough for several in each tick, and for the faults to fall among them. */
const BIDS_PER_SECOND = 400;

let system: TestBroadcasters;
let link: TcpLink;
let cutOff: LocalServer;
let killed: LocalServer;
let viewers: ReturningViewer[] = [];

beforeAll(async () => {
  system = await startTestBroadcasters();
  link = await TcpLink.open(system.redisServer.port);
  const unlimited = { MAX_VIEWERS_PER_ADDRESS: '0' };
  [cutOff, killed] = await Promise.all([
    system.startProcess({ ...unlimited, REDIS_URL: `redis://${link.address}` }),
    system.startProcess(unlimited),
  ]);
});

afterAll(async () => {
  for (const viewer of viewers) viewer.end();
  await link.close();
  await system.stop();
});

async function watchAll(auctionId: string, count: number): Promise<void> {
  for (const viewer of viewers) viewer.end();
  const urls = [cutOff.url, killed.url];
  viewers = Array.from({ length: count }, (_, i) => new ReturningViewer(auctionId, urls, i % 2));
  await until('all watch', () => viewers.every(({ startSeq }) => startSeq !== undefined), 60_000);
}

interface Truth {
  readonly epoch: number;
  readonly seq: number;
  readonly state: Record<string, unknown>;
}

async function truthOf(auctionId: string): Promise<Truth> {
  const { epoch, seq, state } = await storedAuction(system.redis, 1, auctionId);
  const { status, price, bidCount, leader } = state;
  return { epoch, seq, state: { status, price, bidCount, leader } };
}

describe('viewers on two nodes', () => {
  it('all end with the truth, whatever broke meanwhile', { timeout: LONG_TEST_MS }, async () => {
    const auctionId = 'a1-faults';
    await system.auctions.create(auctionId);
    await watchAll(auctionId, VIEWERS);
    const faults = [
      async () => {
        link.cut();
        await pause(700);
        link.mend();
      },
      async () => {
        await killed.kill();
        await pause(300);
        await killed.start();
      },
      async () => {
        await system.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      },
      async () => {
        for (const viewer of viewers) viewer.drop();
      },
    ];
    const breaking: Promise<void>[] = [];
    const begin = performance.now();
    for (let placed = 0; placed < BIDS; placed += BIDS_A_CALL) {
      const bids = Array.from({ length: BIDS_A_CALL }, (_, i) => ({
        userId: `u${i % 2}`,
        amount: 10_000 * (placed + i + 1),
      }));
      await system.auctions.bid(auctionId, ...bids);
      const step = Math.floor(BIDS / (faults.length + 2) / BIDS_A_CALL) * BIDS_A_CALL;
      const fault = placed % step === 0 ? faults[placed / step - 1] : undefined;
      if (fault !== undefined) breaking.push(fault());
      if (Math.random() < 0.2) viewers[Math.floor(Math.random() * VIEWERS)]?.drop();
      await pause(begin + (placed / BIDS_PER_SECOND) * 1_000 - performance.now());
    }
    await Promise.all(breaking);
    expect(breaking).toHaveLength(faults.length);
    const truth = await truthOf(auctionId);
    expect(truth.seq).toBe(BIDS + 2);
    await until(
      'all have the newest state',
      () => viewers.every(({ account }) => account.seq === truth.seq),
      30_000,
    );
    for (const { account, startSeq = 0 } of viewers) {
      expect(account.faults).toEqual([]);
      expect(account.epoch).toBe(truth.epoch);
      expect(account.state).toEqual(truth.state);
      expect(account.delivered + account.covered).toBe(truth.seq - startSeq);
    }
    // Recovery is the rule and conflation the exception.
    const delivered = viewers.reduce((sum, { account }) => sum + account.delivered, 0);
    expect(delivered).toBeGreaterThan(0.8 * VIEWERS * BIDS);
    expect(Math.min(...viewers.map(({ connections }) => connections))).toBeGreaterThan(1);
  });

  it(
    'are all current again soon after all lost their connections',
    { timeout: LONG_TEST_MS },
    async () => {
      const auctionId = 'a1-return';
      await system.auctions.create(auctionId);
      await watchAll(auctionId, SIZES.reconnecting);
      let placed = 0;
      const bidsInOneEntry = async (count: number): Promise<void> => {
        const bids = Array.from({ length: count }, () => {
          placed += 1;
          return { userId: `u${placed % 2}`, amount: 10_000 * placed };
        });
        await system.auctions.bid(auctionId, ...bids);
      };
      await bidsInOneEntry(10);
      await until('all saw it', () => viewers.every(({ account }) => account.seq === 12), 30_000);
      const readsBefore = await logReads();
      const begin = performance.now();
      for (const viewer of viewers) viewer.drop();
      // More than a node keeps in memory.
      for (let i = 0; i < 3; i += 1) await bidsInOneEntry(100);
      await until(
        'all are current',
        () => viewers.every(({ account }) => account.seq === 312),
        30_000,
      );
      const tookMs = performance.now() - begin;
      expect(tookMs).toBeLessThan(10_000);
      for (const { account, startSeq = 0 } of viewers) {
        expect(account.faults).toEqual([]);
        expect(account.delivered).toBe(312 - startSeq);
      }
      // Two nodes; each may read once in 100 ms, and once at the beginning.
      expect((await logReads()) - readsBefore).toBeLessThanOrEqual(2 * (tookMs / 100 + 2));
    },
  );
});

/** How often anybody has read a log from Redis. */
async function logReads(): Promise<number> {
  const text = await system.redis.info('commandstats');
  return Number(/cmdstat_xrange:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

const LONGEST_PAUSE_MS = 500;

/** A raw viewer that comes back, to any node, whenever it loses its connection. */
class ReturningViewer {
  readonly account = new RawAccount();
  /** Where the auction was when it was first told. */
  startSeq: number | undefined;
  connections = 0;
  readonly #auctionId: string;
  readonly #urls: readonly string[];
  readonly #options: RawOptions;
  #viewer: RawViewer | undefined;
  #ended = false;
  #first: number;

  /** @param first index of the node it tries first */
  constructor(auctionId: string, urls: readonly string[], first: number, options: RawOptions = {}) {
    this.#auctionId = auctionId;
    this.#urls = urls;
    this.#first = first;
    this.#options = options;
    void this.#stay();
  }

  /** Loses the connection as by a broken network. */
  drop(): void {
    this.#viewer?.socket.terminate();
  }

  end(): void {
    this.#ended = true;
    this.drop();
  }

  async #stay(): Promise<void> {
    while (!this.#ended) {
      await this.#watchOnce(this.#urls[this.#first] ?? '').catch(() => undefined);
      await pause(Math.random() * LONGEST_PAUSE_MS);
      this.#first = (this.#first + 1) % this.#urls.length;
    }
  }

  /** Resolves when the connection has ended. */
  async #watchOnce(url: string): Promise<void> {
    const accounts = new Map([[this.#auctionId, this.account]]);
    const viewer = await RawViewer.connect(url, this.#options, accounts);
    const closed = new Promise<void>((resolve) => {
      viewer.socket.on('close', () => resolve());
    });
    this.connections += 1;
    this.#viewer = viewer;
    if (this.#ended) viewer.socket.terminate();
    // A node without Redis says so; another one may have it.
    const answer = await Promise.race([viewer.watch(this.#auctionId), closed]);
    if (answer?.ok !== true) viewer.socket.terminate();
    this.startSeq ??= answer?.data?.auction.seq;
    await closed;
  }
}
