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
const AT_MOST = { due: 200, lagging: 20 };

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
  readonly #duties: KeeperDuties;
  readonly #options: KeeperOptions;
  readonly #log: Logger;
  readonly #held = new Map<number, HeldShard>();
  #publishing: Promise<void> | undefined;
  #leasesAt = -Infinity;
  #lagAt = -Infinity;
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
    hints.onDue((shard, dueAt) => {
      const held = this.#held.get(shard);
      if (held === undefined || dueAt - held.clockOffset >= held.nextDue) return;
      held.nextDue = dueAt - held.clockOffset;
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

  /** Looks at once instead of after its pause: Redis is there again. */
  wake(): void {
    this.#wake();
  }

  /** Ends the pass in hand and gives the leases up, so that another keeper takes over at once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    await this.#publishing;
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
        for (const held of this.#held.values()) held.nextDue = Infinity;
      }
      await this.#sleep();
    }
  }

  async #pass(): Promise<void> {
    if (performance.now() - this.#leasesAt >= LEASES_EVERY_MS) await this.#holdLeases();
    const looks = await Promise.all(
      Array.from(this.#held, async ([shard, held]) => ({
        shard,
        ids: await this.#keep(shard, held),
      })),
    );
    // Beside the passes: publishing may take long, and no auction may close late for it.
    if (this.#publishing !== undefined || performance.now() - this.#lagAt < LEASES_EVERY_MS) return;
    this.#lagAt = performance.now();
    this.#publishing = this.#publishMissed(looks).finally(() => {
      this.#publishing = undefined;
    });
  }

  async #publishMissed(looks: readonly { shard: number; ids: readonly string[] }[]): Promise<void> {
    try {
      for (const { shard, ids } of looks) {
        for (const auctionId of ids) await this.#duties.publishMissed(shard, auctionId);
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'missed entries could not be published, trying again');
    }
  }

  async #holdLeases(): Promise<void> {
    this.#leasesAt = performance.now();
    const { shards, holder } = this.#options;
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        const holds = await this.#store.holdLease(shard, holder, LEASE_MS);
        if (!holds) this.#held.delete(shard);
        else if (!this.#held.has(shard)) {
          this.#held.set(shard, { clockOffset: 0, nextDue: Infinity, serverId: '' });
        }
      }),
    );
  }

  /** @returns the auctions whose archive lags */
  async #keep(shard: number, held: HeldShard): Promise<readonly string[]> {
    const before = performance.now();
    held.nextDue = Infinity; // a hint that comes during the look is newer than its answer
    const look = await this.#store.look(shard, AT_MOST);
    held.clockOffset = look.now - (before + performance.now()) / 2;
    held.nextDue = Math.min(held.nextDue, (look.nextDue ?? Infinity) - held.clockOffset);
    await Promise.all(look.due.map((auctionId) => this.#duties.passTime(auctionId)));
    if (look.due.length >= AT_MOST.due) held.nextDue = performance.now();
    if (look.serverId !== held.serverId) {
      // After a restart of Redis every open auction starts a new epoch now, bid or no bid, so that
      // viewers learn of it. A keeper that has just taken over does not know and looks at them all.
      await this.#touchOpenAuctions(shard);
      held.serverId = look.serverId;
    }
    return look.lagging;
  }

  async #touchOpenAuctions(shard: number): Promise<void> {
    for await (const auctionIds of this.#store.openAuctions(shard)) {
      await Promise.all(auctionIds.map((auctionId) => this.#duties.passTime(auctionId)));
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
