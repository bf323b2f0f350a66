/**
 * The keeper makes sure that somebody acts when an auction's time has come. Every gateway runs one;
 * leases only avoid double work.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { DueHints, KeeperStore } from './keeper-ports.ts';
import type { PerhapsDue } from './pass-time.ts';

/** Lets passing time act on auctions of a shard. */
export type PassTime = (shard: number, auctions: readonly PerhapsDue[]) => Promise<void>;

export interface KeeperOptions {
  readonly shards: number;
  /** Tells this keeper from all others. */
  readonly holder: string;
}

const LEASE_MS = 3_000;
const LEASES_EVERY_MS = 1_000;
const MAX_SLEEP_MS = 1_000;
const MIN_SLEEP_MS = 1;
const MAX_DUE = 200;

/** What the keeper knows of a shard it holds. */
interface HeldShard {
  /** The shard's clock minus this process's, ms. */
  clockOffset: number;
  /** By this process's clock. */
  nextDue: number;
  serverId: string;
}

export class Keeper {
  readonly #store: KeeperStore;
  readonly #passTime: PassTime;
  readonly #options: KeeperOptions;
  readonly #log: Logger;
  readonly #held = new Map<number, HeldShard>();
  #leasesAt = -Infinity;
  #stopping = false;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;
  /** Passes that failed in a row; the first at a start only means that Redis is not there yet. */
  #failures = 0;

  constructor(
    store: KeeperStore,
    passTime: PassTime,
    hints: DueHints,
    options: KeeperOptions,
    log: Logger,
  ) {
    this.#store = store;
    this.#passTime = passTime;
    this.#options = options;
    this.#log = log;
    hints.onDue((shard, dueAt) => {
      const held = this.#held.get(shard);
      if (held === undefined || dueAt - held.clockOffset >= held.nextDue) return;
      held.nextDue = dueAt - held.clockOffset;
      this.#wake();
    });
  }

  /** Shards this keeper looks after now. */
  get heldShards(): readonly number[] {
    return [...this.#held.keys()];
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks at once instead of after its pause: Redis is there again. */
  wake(): void {
    this.#wake();
  }

  /** Ends the pass in hand and gives the leases up, so that another keeper takes over at once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    const { holder } = this.#options;
    const shards = Array.from(this.#held.keys());
    await Promise.allSettled(shards.map((shard) => this.#store.releaseLease(shard, holder)));
    this.#held.clear();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#pass();
        if (this.#failures > 1) this.#log.info('the keeper works again');
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        if (this.#failures === 2)
          this.#log.warn({ err: error }, 'the keeper cannot work, retrying');
      }
      await this.#sleep();
    }
  }

  /** On a cluster one master may be away: the other shards go on. @throws the first failure */
  async #pass(): Promise<void> {
    const leases = performance.now() - this.#leasesAt >= LEASES_EVERY_MS ? this.#holdLeases() : [];
    const ends = await Promise.allSettled(leases);
    const kept = Array.from(this.#held, async ([shard, held]) => {
      try {
        await this.#keep(shard, held);
      } catch (error) {
        held.nextDue = Infinity;
        throw error;
      }
    });
    ends.push(...(await Promise.allSettled(kept)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #holdLeases(): Promise<void>[] {
    this.#leasesAt = performance.now();
    const { shards, holder } = this.#options;
    return Array.from({ length: shards }, async (_, shard) => {
      const holds = await this.#store.holdLease(shard, holder, LEASE_MS);
      if (!holds) this.#held.delete(shard);
      else if (!this.#held.has(shard)) {
        this.#held.set(shard, { clockOffset: 0, nextDue: Infinity, serverId: '' });
      }
    });
  }

  async #keep(shard: number, held: HeldShard): Promise<void> {
    const before = performance.now();
    held.nextDue = Infinity; // a hint that comes during the look is newer than its answer
    const look = await this.#store.look(shard, MAX_DUE);
    held.clockOffset = look.now - (before + performance.now()) / 2;
    held.nextDue = Math.min(held.nextDue, (look.nextDue ?? Infinity) - held.clockOffset);
    await this.#passTime(shard, look.due);
    if (look.due.length >= MAX_DUE) held.nextDue = performance.now();
    if (look.serverId !== held.serverId) {
      // After a restart of Redis every open auction starts a new epoch now, bid or no bid, so that
      // viewers learn of it. A keeper that has just taken over does not know and looks at them all.
      await this.#touchOpenAuctions(shard);
      held.serverId = look.serverId;
    }
  }

  async #touchOpenAuctions(shard: number): Promise<void> {
    for await (const auctionIds of this.#store.openAuctions(shard)) {
      await this.#passTime(
        shard,
        auctionIds.map((auctionId) => ({ auctionId })),
      );
    }
  }

  async #sleep(): Promise<void> {
    if (this.#stopping) return;
    const nextDue = Math.min(...Array.from(this.#held.values(), (held) => held.nextDue));
    const untilDue = Math.ceil(nextDue - performance.now());
    const pause = Math.min(Math.max(untilDue, MIN_SLEEP_MS), MAX_SLEEP_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}
