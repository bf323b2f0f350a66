/**
 * The keeper makes sure that somebody acts when an auction's time has come, and that what the
 * direct hand-off missed is published. Every gateway runs one; leases only avoid double work.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { DueHints, KeeperStore } from './keeper-ports.ts';

export interface KeeperDuties {
  /** Lets passing time act on an auction. */
  passTime(auctionId: string): Promise<void>;
  /** Publishes what the hand-off missed. @returns how many entries it found */
  publishMissed(shard: number, auctionId: string): Promise<number>;
}

export interface KeeperOptions {
  readonly shards: number;
  /** Tells this keeper from all others. */
  readonly holder: string;
}

const LEASE_MS = 3_000;
const LEASES_EVERY_MS = 1_000;
const MAX_SLEEP_MS = 1_000;
const MIN_SLEEP_MS = 1;
const DUE_AT_ONCE = 200;
const LAGGING_AT_ONCE = 20;

export class Keeper {
  readonly #store: KeeperStore;
  readonly #duties: KeeperDuties;
  readonly #options: KeeperOptions;
  readonly #log: Logger;
  readonly #held = new Set<number>();
  #leasesAt = -Infinity;
  #lagAt = -Infinity;
  #nextDue = Infinity;
  #clockOffset = 0;
  #stopping = false;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;
  /** Passes that failed in a row; the first at a start only means that Redis is not there yet. */
  #failures = 0;

  constructor(
    store: KeeperStore,
    duties: KeeperDuties,
    hints: DueHints,
    options: KeeperOptions,
    log: Logger,
  ) {
    this.#store = store;
    this.#duties = duties;
    this.#options = options;
    this.#log = log;
    hints.onDue((dueAt) => {
      if (dueAt >= this.#nextDue) return;
      this.#nextDue = dueAt;
      this.#wake();
    });
  }

  /** Shards this keeper looks after now. */
  get heldShards(): number {
    return this.#held.size;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the pass in hand and gives the leases up, so that another keeper takes over at once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    const { holder } = this.#options;
    await Promise.allSettled([...this.#held].map((s) => this.#store.releaseLease(s, holder)));
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
        this.#nextDue = Infinity;
      }
      await this.#sleep();
    }
  }

  async #pass(): Promise<void> {
    const now = await this.#readClock();
    if (performance.now() - this.#leasesAt >= LEASES_EVERY_MS) await this.#holdLeases();
    this.#nextDue = Infinity;
    await Promise.all([...this.#held].map((shard) => this.#openAndClose(shard, now)));
    if (performance.now() - this.#lagAt >= LEASES_EVERY_MS) {
      this.#lagAt = performance.now();
      for (const shard of this.#held) await this.#publishMissed(shard, now);
    }
  }

  async #readClock(): Promise<number> {
    const before = performance.now();
    const now = await this.#store.time();
    const after = performance.now();
    this.#clockOffset = now - (before + after) / 2;
    return now;
  }

  async #holdLeases(): Promise<void> {
    this.#leasesAt = performance.now();
    const { shards, holder } = this.#options;
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        const held = await this.#store.holdLease(shard, holder, LEASE_MS);
        if (held) this.#held.add(shard);
        else this.#held.delete(shard);
      }),
    );
  }

  async #openAndClose(shard: number, now: number): Promise<void> {
    const due = await this.#store.dueAuctions(shard, now, DUE_AT_ONCE);
    await Promise.all(due.map((auctionId) => this.#duties.passTime(auctionId)));
    const next = due.length >= DUE_AT_ONCE ? now : await this.#store.nextDue(shard);
    if (next !== undefined) this.#nextDue = Math.min(this.#nextDue, next);
  }

  async #publishMissed(shard: number, now: number): Promise<void> {
    for (const auctionId of await this.#store.lagging(shard, now, LAGGING_AT_ONCE)) {
      await this.#duties.publishMissed(shard, auctionId);
    }
  }

  async #sleep(): Promise<void> {
    if (this.#stopping) return;
    const untilDue = this.#nextDue - (performance.now() + this.#clockOffset);
    // Redis cuts microseconds off, so the due millisecond begins a little after the round figure.
    const pause = Math.min(Math.max(Math.ceil(untilDue), MIN_SLEEP_MS), MAX_SLEEP_MS);
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
