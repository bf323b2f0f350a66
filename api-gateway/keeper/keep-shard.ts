/** Opens and closes the auctions of one shard on time, while this keeper holds its lease. */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { KeeperStore } from './keeper-ports.ts';
import type { PassTime } from './pass-time.ts';

const MAX_SLEEP_MS = 1_000;
const MIN_SLEEP_MS = 1;
const MAX_DUE = 200;

/** Told of how it goes. */
export interface ShardNews {
  /** Redis was restarted, and not every open auction has begun its new epoch. */
  epochsDue(serverId: string): void;
  worked(): void;
  failed(error: unknown, timesInARow: number): void;
}

export class KeepShard {
  readonly #shard: number;
  readonly #store: KeeperStore;
  readonly #passTime: PassTime;
  readonly #news: ShardNews;
  /** The shard's clock minus this process's, ms. */
  #clockOffset = 0;
  /** By `monotonicNow`, ms. */
  #nextDue = Infinity;
  #failures = 0;
  #stopped = false;
  #sleep = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(shard: number, store: KeeperStore, passTime: PassTime, news: ShardNews) {
    this.#shard = shard;
    this.#store = store;
    this.#passTime = passTime;
    this.#news = news;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the pass in hand. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  /** Looks at once. */
  wake(): void {
    this.#sleep.abort();
  }

  /** An auction of the shard is due at this time of Redis's clock, ms. */
  expect(dueAt: number): void {
    const due = dueAt - this.#clockOffset;
    if (due >= this.#nextDue) return;
    this.#nextDue = due;
    this.wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#sleep = new AbortController();
      try {
        await this.#pass();
        this.#failures = 0;
        this.#news.worked();
      } catch (error) {
        this.#failures += 1;
        this.#nextDue = Infinity;
        this.#news.failed(error, this.#failures);
      }
      const untilDue = Math.ceil(this.#nextDue - monotonicNow());
      const restMs = Math.min(Math.max(untilDue, MIN_SLEEP_MS), MAX_SLEEP_MS);
      if (!this.#stopped) await pause(restMs, this.#sleep.signal);
    }
  }

  async #pass(): Promise<void> {
    const before = monotonicNow();
    this.#nextDue = Infinity; // a hint that comes during the look is newer than its answer
    const look = await this.#store.look(this.#shard, MAX_DUE);
    this.#clockOffset = look.now - (before + monotonicNow()) / 2;
    this.#nextDue = Math.min(this.#nextDue, (look.nextDue ?? Infinity) - this.#clockOffset);
    if (!look.epochsBegun) this.#news.epochsDue(look.serverId);
    await this.#passTime(this.#shard, look.due);
    if (look.due.length >= MAX_DUE) this.#nextDue = monotonicNow();
  }
}
