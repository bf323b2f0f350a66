/** A Redis of its own for long random runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { Outage } from '@outcry/shared/domain/auction-rules.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import type { AgreementCounts } from './followed-engine.ts';

/** Chunks after which Redis is emptied. */
const CLEAN_EVERY = 50;
/** Runs of hours say how far they are. */
const SHOW_EVERY = 250_000;

const log = createLogger('test', 'silent');

export class AgreementRedis {
  readonly redis: Redis;
  readonly #server: LocalServer;
  readonly #folder: string;
  readonly #others: Redis[] = [];

  static async start(): Promise<AgreementRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'outcry-agreement-'));
    const started = new AgreementRedis(await startRedis({ dataDir: folder }), folder);
    await started.#untilUsable();
    return started;
  }

  private constructor(server: LocalServer, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.redis = this.#open();
  }

  /** One more connection: each has scripts of its own. */
  async connect(): Promise<Redis> {
    const redis = this.#open();
    this.#others.push(redis);
    await untilReady(redis, 5_000);
    return redis;
  }

  #open(): Redis {
    return openRedis(this.#server.url, 'test', log, { enableAutoPipelining: true });
  }

  async stop(): Promise<void> {
    for (const redis of [this.redis, ...this.#others]) redis.disconnect();
    await this.#server.stop();
    await rm(this.#folder, { recursive: true });
  }

  async restart(): Promise<void> {
    await this.#server.kill();
    await this.#server.start();
    await this.#untilUsable();
  }

  /**
   * Runs chunk after chunk, until so many commands were compared, or whatever else the chunks count. What a chunk runs
   * follows from its seed, so that the seed in a failure gives the same again.
   * @param random what a chunk has `atOnce` of
   * @returns how many script calls decided commands of several auctions
   */
  async runChunks<Run>(
    commands: number,
    random: fc.Arbitrary<Run>,
    runChunk: (runs: readonly Run[], outage: Outage | undefined) => Promise<AgreementCounts>,
    options: {
      readonly atOnce: number;
      readonly outages: boolean;
      readonly seed?: number | undefined;
    },
  ): Promise<number> {
    const { atOnce } = options;
    const chunk = fc.array(random, { minLength: atOnce, maxLength: atOnce });
    const first = options.seed ?? Math.floor(Math.random() * 2 ** 31);
    let compared = 0;
    let sharedCalls = 0;
    for (let i = 0; compared < commands; i += 1) {
      const seed = first + i;
      const outage = options.outages ? await this.#outageOfChunk(i) : undefined;
      try {
        const [runs = []] = fc.sample(chunk, { numRuns: 1, seed });
        const counts = await runChunk(runs, outage);
        const before = compared;
        compared += counts.commands;
        sharedCalls += counts.sharedCalls;
        if (Math.floor(before / SHOW_EVERY) < Math.floor(compared / SHOW_EVERY)) {
          console.log(`${compared} commands compared, seed ${seed}`);
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      if (i % CLEAN_EVERY === CLEAN_EVERY - 1) {
        await this.redis.flushall();
        await markShardsWhole(this.redis, 1);
      }
    }
    return sharedCalls;
  }

  async #untilUsable(): Promise<void> {
    await untilReady(this.redis, 5_000);
    await markShardsWhole(this.redis, 1);
  }

  /** Every third chunk lives while the engine is thought to be away, so that ends come after a grace. */
  async #outageOfChunk(nth: number): Promise<Outage | undefined> {
    const { attended } = shardKeys(0);
    await this.redis.del(attended);
    if (nth % 3 > 0) return undefined;
    const outage = { awayAt: Date.now(), backAt: Date.now() + 150 };
    await this.redis.hset(attended, outage);
    return outage;
  }
}
