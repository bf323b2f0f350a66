/**
 * The keeper makes sure that somebody acts when an auction's time has come. Every gateway runs one;
 * leases only avoid double work. Each shard has a loop of its own and leases have theirs, so that
 * whatever takes long in one shard makes nothing late in another.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { BeginEpochs } from './begin-epochs.ts';
import { KeepShard } from './keep-shard.ts';
import type { PassTime } from './pass-time.ts';
import type { KeeperStore } from './shard-store.ts';

const LEASE_MS = 3_000;
const LEASES_EVERY_MS = 1_000;

export class Keeper {
  readonly #store: KeeperStore;
  readonly #passTime: PassTime;
  readonly #shards: number;
  readonly #log: Logger;
  /** Tells this keeper from all others. */
  readonly #holder = randomUUID();
  readonly #held = new Map<number, KeepShard>();
  readonly #epochs: BeginEpochs;
  readonly #leases = new Rounds(() => this.#holdLeases());
  /** Shards in which nothing could be done twice in a row; once only means a moment without Redis. */
  readonly #failing = new Set<number>();

  constructor(store: KeeperStore, passTime: PassTime, shards: number, log: Logger) {
    this.#store = store;
    this.#passTime = passTime;
    this.#shards = shards;
    this.#log = log;
    this.#epochs = new BeginEpochs(store, passTime, (shard) => this.#held.has(shard), log);
  }

  /** Shards this keeper looks after now. */
  get heldShards(): readonly number[] {
    return [...this.#held.keys()];
  }

  start(): void {
    this.#leases.start();
    this.#epochs.start();
  }

  /** An auction is due at this time of Redis's clock, ms. */
  expect(shard: number, dueAt: number): void {
    this.#held.get(shard)?.expect(dueAt);
  }

  /** Looks at once instead of after its pause: Redis is there again. */
  wake(): void {
    for (const shard of this.#held.values()) shard.wake();
  }

  /** Ends the passes in hand and gives the leases up, so that another keeper takes over at once. */
  async stop(): Promise<void> {
    await this.#leases.stop();
    const held = [...this.#held];
    this.#held.clear();
    await Promise.all([this.#epochs.stop(), ...held.map(([, loop]) => loop.stop())]);
    const released = held.map(([shard]) => this.#store.releaseLease(shard, this.#holder));
    await Promise.allSettled(released);
  }

  /** On a cluster one master may be away: the other shards go on. */
  async #holdLeases(): Promise<number> {
    await Promise.all(
      Array.from({ length: this.#shards }, async (_, shard) => {
        try {
          this.#keep(shard, await this.#store.holdLease(shard, this.#holder, LEASE_MS));
        } catch (error) {
          this.#log.debug({ err: error, shard }, 'a lease could not be renewed, trying again');
        }
      }),
    );
    return LEASES_EVERY_MS;
  }

  #keep(shard: number, holds: boolean): void {
    const loop = this.#held.get(shard);
    if (holds === (loop !== undefined)) return;
    if (loop !== undefined) {
      this.#held.delete(shard);
      void loop.stop();
      return;
    }
    const started = new KeepShard(shard, this.#store, this.#passTime, {
      epochsDue: (serverId) => this.#epochs.due(shard, serverId),
      worked: () => this.#worked(shard),
      failed: (error, times) => this.#failed(shard, error, times),
    });
    this.#held.set(shard, started);
    started.start();
  }

  #failed(shard: number, error: unknown, times: number): void {
    if (times < 2) return;
    if (this.#failing.size === 0) {
      this.#log.warn({ err: error, shard }, 'the keeper cannot work, retrying');
    }
    this.#failing.add(shard);
  }

  #worked(shard: number): void {
    if (this.#failing.delete(shard) && this.#failing.size === 0) {
      this.#log.info('the keeper works again');
    }
  }
}
