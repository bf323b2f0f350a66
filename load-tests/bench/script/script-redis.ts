/** What the script's measurements load: a Redis that fsyncs every write, and nothing else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '@outcry/local/programs/find-program.ts';
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

export type ScriptRedis = Awaited<ReturnType<typeof startScriptRedis>>;

/** Started when first asked for. @throws Error when redis-benchmark is not installed */
export const scriptRedisOn = (bed: TestBed): Promise<ScriptRedis> =>
  bed.shared('script', () => startScriptRedis(bed));

async function startScriptRedis(bed: TestBed) {
  const benchmark = await findProgram(['redis-benchmark']);
  if (benchmark === undefined) {
    throw new Error('redis-benchmark is not on PATH: it comes with Redis (Debian: redis-tools)');
  }
  bed.say('starting a Redis for script calls');
  const server = await bed.redis('redis-of-script');
  const connection = await readyRedis(server.url, 'bench');
  bed.onClose(() => connection.disconnect());
  const auctions = new ScriptedAuctions(connection, SHARDS);

  async function repeat(
    command: readonly string[],
    count: number,
    { connections, signal }: CallOptions,
  ): Promise<LoadResult> {
    const load = ['-p', `${server.port}`, '-c', `${connections}`, '-n', `${count}`, '--csv'];
    const limit = { signal, killSignal: 'SIGKILL' } as const;
    const { stdout } = await execute(benchmark ?? '', [...load, ...command], limit);
    // "the command","calls a second","mean ms","least","p50","p95","p99","most"
    const figures = /"([\d.]+)","[\d.]+","[\d.]+","([\d.]+)","[\d.]+","([\d.]+)","[\d.]+"\s*$/;
    const [, perSecond, p50Ms, p99Ms] = (figures.exec(stdout) ?? []).map(Number);
    if (perSecond === undefined) throw new Error(`redis-benchmark wrote:\n${stdout}`);
    const times = { seconds: count / perSecond, p50Ms: p50Ms ?? NaN, p99Ms: p99Ms ?? NaN };
    return { answered: count, refused: 0, broken: 0, ...times };
  }

  return {
    server,
    /** Empties Redis and opens the auction: no round pays for what the ones before it left behind. */
    async openAuction(): Promise<void> {
      await connection.flushall('SYNC');
      await markShardsWhole(connection, SHARDS);
      await auctions.create(SCRIPT_AUCTION, { startPrice: 1, increments: '0:1' });
    },
    /** Events of the auction, each an accepted bid but the first two. */
    events: async () => (await storedAuction(connection, 0, SCRIPT_AUCTION)).seq,
    /**
     * A generator that repeats one command on that many connections, each of which waits for its
     * reply. It counts commands; so many a second as it had last make up its next round's length.
     */
    repeating(command: readonly string[]) {
      let perSecond = FIRST_GUESS;
      return async (options: CallOptions): Promise<LoadResult> => {
        const count = Math.max(1, Math.round(perSecond * options.seconds));
        const result = await repeat(command, count, options);
        perSecond = result.answered / result.seconds;
        return result;
      };
    },
  };
}
