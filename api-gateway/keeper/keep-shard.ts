/** Opens and closes the auctions of one shard on time, while this keeper holds its lease. */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { PassTime } from './pass-time.ts';
import type { KeeperStore } from './shard-store.ts';

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

export class KeepShard extends Rounds {
  readonly #shard: number;
  readonly #store: KeeperStore;
  readonly #passTime: PassTime;
  readonly #news: ShardNews;
  /** The shard's clock minus this process's, ms. */
  #clockOffset = 0;
  /** By `monotonicNow`, ms. */
  #nextDue = Infinity;

  constructor(shard: number, store: KeeperStore, passTime: PassTime, news: ShardNews) {
    super(
      () => this.#pass(),
      (error, timesInARow) => {
        this.#nextDue = Infinity;
        news.failed(error, timesInARow);
        return MAX_SLEEP_MS;
      },
    );
    this.#shard = shard;
    this.#store = store;
    this.#passTime = passTime;
    this.#news = news;
  }

  /** An auction of the shard is due at this time of Redis's clock, ms. */
  expect(dueAt: number): void {
    const due = dueAt - this.#clockOffset;
    if (due >= this.#nextDue) return;
    this.#nextDue = due;
    this.wake();
  }

  /** @returns how long nothing is due, ms */
  async #pass(): Promise<number> {
    const before = monotonicNow();
    this.#nextDue = Infinity; // a hint that comes during the look is newer than its answer
    const look = await this.#store.look(this.#shard, MAX_DUE);
    this.#clockOffset = look.now - (before + monotonicNow()) / 2;
    this.#nextDue = Math.min(this.#nextDue, (look.nextDue ?? Infinity) - this.#clockOffset);
    if (!look.epochsBegun) this.#news.epochsDue(look.serverId);
    await this.#passTime(this.#shard, look.due);
    this.#news.worked();
    if (look.due.length >= MAX_DUE) return MIN_SLEEP_MS;
    const untilDue = Math.ceil(this.#nextDue - monotonicNow());
    return Math.min(Math.max(untilDue, MIN_SLEEP_MS), MAX_SLEEP_MS);
  }
}
