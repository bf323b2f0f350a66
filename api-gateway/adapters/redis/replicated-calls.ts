/** Script calls that are answered only when a replica has what they wrote. */
import { createHash } from 'node:crypto';
import type { ChainableCommander } from 'ioredis';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { MayHaveRunError } from '../../bidding/auction-commands.ts';

/** Below the time in which every command is answered. */
const REPLICA_LIMIT_MS = 1_000;
const REPLICAS = 1;
const CONNECTIONS = 8;

interface Connection {
  readonly redis: RedisClient;
  calls: number;
}

/**
 * Sends a script call and `WAIT` in one pipeline. `WAIT` is about the writes of its own connection
 * and blocks it, so there are several connections that nothing else uses. In front stands a write
 * of its own: a call that only replays an old answer writes nothing, and `WAIT` promises nothing
 * about what other connections wrote (Redis 7.0 includes it, later versions need not). The keys,
 * being of the auction's shard, lead the whole pipeline to the shard's master, also on a cluster.
 */
export class ReplicatedCalls {
  readonly #connections: readonly Connection[];
  readonly #script: string;
  readonly #sha: string;

  /** @param open opens one more connection, without automatic pipelines */
  constructor(open: () => RedisClient, script: string) {
    this.#connections = Array.from({ length: CONNECTIONS }, () => ({ redis: open(), calls: 0 }));
    this.#script = script;
    this.#sha = createHash('sha1').update(script).digest('hex');
  }

  close(): void {
    for (const { redis } of this.#connections) redis.disconnect();
  }

  /**
   * @param marker the shard's key for this purpose
   * @returns the script's reply
   * @throws MayHaveRunError when it ran, but no replica has its writes in time
   * @throws the client library's error otherwise
   */
  async call(
    marker: string,
    keyCount: number,
    keysAndArguments: readonly string[],
  ): Promise<unknown[]> {
    const connection = this.#leastBusy();
    connection.calls += 1;
    try {
      return await this.#onConnection(connection.redis, marker, keyCount, keysAndArguments);
    } finally {
      connection.calls -= 1;
    }
  }

  async #onConnection(
    redis: RedisClient,
    marker: string,
    keyCount: number,
    keysAndArguments: readonly string[],
  ): Promise<unknown[]> {
    const begin = (): ChainableCommander => redis.pipeline().set(marker, '');
    const reply = await waited(begin().evalsha(this.#sha, keyCount, ...keysAndArguments));
    if (!isUnknownScript(reply.error)) return readReply(reply);
    // Not `defineCommand`: that sends an unknown script again by itself, behind the WAIT.
    return readReply(await waited(begin().eval(this.#script, keyCount, ...keysAndArguments)));
  }

  #leastBusy(): Connection {
    return this.#connections.reduce((best, each) => (each.calls < best.calls ? each : best));
  }
}

interface Reply {
  readonly error: Error | null | undefined;
  readonly value: unknown;
  /** How many replicas have it; anything but a number when that was not answered. */
  readonly replicas: unknown;
}

async function waited(pipeline: ChainableCommander): Promise<Reply> {
  const results = await pipeline.call('WAIT', `${REPLICAS}`, `${REPLICA_LIMIT_MS}`).exec();
  const [marked, ran, confirmed] = results ?? [];
  // Without the marker WAIT may ask for less than it should.
  const replicas = marked?.[0] instanceof Error ? undefined : confirmed?.[1];
  return { error: ran?.[0], value: ran?.[1], replicas };
}

const isUnknownScript = (error: Error | null | undefined): boolean =>
  error?.message.startsWith('NOSCRIPT') === true;

function readReply({ error, value, replicas }: Reply): unknown[] {
  if (error instanceof Error) throw error;
  const isConfirmed = typeof replicas === 'number' && replicas >= REPLICAS;
  if (isConfirmed && Array.isArray(value)) return value;
  throw new MayHaveRunError('it was decided, but no replica has it yet');
}
