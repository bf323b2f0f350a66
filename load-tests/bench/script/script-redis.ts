/** What the script's measurements load: a Redis that fsyncs every write, and nothing else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { readyRedis } from '../../system/redis.ts';
import { SHARDS, type TestBed } from '../../system/test-bed.ts';
import type { CallOptions, LoadResult } from '../generators/run-generator.ts';
import { SCRIPT_AUCTION } from './script-calls.ts';

/** Of a first, short round, which says how many make a second. */
const FIRST_GUESS = 1_000;
const execute = promisify(execFile);

export class ScriptRedis {
  readonly server: LocalServer;
  readonly #connection: Redis;
  readonly #redisBenchmark: string;

  private constructor(server: LocalServer, connection: Redis, redisBenchmark: string) {
    this.server = server;
    this.#connection = connection;
    this.#redisBenchmark = redisBenchmark;
  }

  /** @throws Error when Redis does not start, or redis-benchmark is not installed */
  static on(bed: TestBed): Promise<ScriptRedis> {
    return bed.shared('script', async () => {
      const program = await findProgram(['redis-benchmark']);
      if (program === undefined) {
        throw new Error(
          'redis-benchmark is not on PATH: it comes with Redis (Debian: redis-tools)',
        );
      }
      bed.say('starting a Redis for script calls');
      const server = await bed.redis('redis-of-script');
      const connection = await readyRedis(server.url, 'bench');
      bed.onClose(() => connection.disconnect());
      return new ScriptRedis(server, connection, program);
    });
  }

  /** Empties Redis and opens the auction: no round pays for what the ones before it left behind. */
  async openAuction(): Promise<void> {
    await this.#connection.flushall('SYNC');
    await markShardsWhole(this.#connection, SHARDS);
    const auctions = new ScriptedAuctions(this.#connection, SHARDS);
    await auctions.create(SCRIPT_AUCTION, { startPrice: 1, increments: '0:1' });
  }

  /** Events of the auction, each an accepted bid but the first two. */
  async events(): Promise<number> {
    return (await storedAuction(this.#connection, 0, SCRIPT_AUCTION)).seq;
  }

  /**
   * A generator that repeats one command on that many connections, each of which waits for its
   * reply. It counts commands; so many a second as it had last make up its next round's length.
   */
  repeating(command: readonly string[]): (options: CallOptions) => Promise<LoadResult> {
    let perSecond = FIRST_GUESS;
    return async (options) => {
      const count = Math.max(1, Math.round(perSecond * options.seconds));
      const result = await this.#repeat(command, count, options);
      perSecond = result.answered / result.seconds;
      return result;
    };
  }

  async #repeat(
    command: readonly string[],
    count: number,
    { connections, signal }: CallOptions,
  ): Promise<LoadResult> {
    const { stdout } = await execute(
      this.#redisBenchmark,
      ['-p', `${this.server.port}`, '-c', `${connections}`, '-n', `${count}`, '--csv', ...command],
      { signal, killSignal: 'SIGKILL' },
    );
    // "the command","calls a second","mean ms","least","p50","p95","p99","most"
    const figures = /"([\d.]+)","[\d.]+","[\d.]+","([\d.]+)","[\d.]+","([\d.]+)","[\d.]+"\s*$/;
    const [, perSecond, p50Ms, p99Ms] = figures.exec(stdout) ?? [];
    if (perSecond === undefined) throw new Error(`redis-benchmark wrote:\n${stdout}`);
    return {
      answered: count,
      refused: 0,
      broken: 0,
      seconds: count / Number(perSecond),
      p50Ms: Number(p50Ms),
      p99Ms: Number(p99Ms),
    };
  }
}
