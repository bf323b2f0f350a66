/**
 * Periodic work on the watched auctions. Compares each with the source every 5 s and when its end has
 * come, because a lost message that was the last one leaves no gap to notice; compares all after an
 * interruption; ends idle subscriptions; and speaks into the silence of an auction's last minutes, so
 * that a client notices a dead connection at once.
 */
import {
  comparePositions,
  isInLastMinutes,
  LONGEST_SILENCE_MS,
  type Position,
} from '@outcry/shared/contracts/live.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionFeed } from './auction-feed.ts';
import type { AuctionSource, LiveChannels } from './auction-source.ts';
import type { WatchedAuctions } from './watched-auctions.ts';

export interface MaintenanceParts {
  readonly watched: WatchedAuctions;
  readonly source: AuctionSource;
  readonly channels: LiveChannels;
  /** Makes whoever decides look at an auction again. Never rejects. */
  wake(auctionId: string): Promise<void>;
  /** Says something to the auction's viewers, if they were told nothing since (ms, steady clock). */
  speak(auctionId: string, since: number): void;
}

const TICK_MS = 250;
const SILENCE_TICK_MS = 500;
const CHECK_EVERY_MS = 5_000;
/** Time for whoever closes the auction to do so, and for the message to arrive. */
const AFTER_END_MS = 300;
/** Between its end and the news of it, an auction is looked at more often. */
const OVERDUE_EVERY_MS = 1_000;
const AT_ONCE = 500;
const WAKE_AT_ONCE = 50;
/** A message under way is not a lost one: what is behind is looked at again after this. */
const UNDER_WAY_MS = 200;

export class FeedMaintenance {
  readonly #parts: MaintenanceParts;
  readonly #log: Logger;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #checkedAt = new WeakMap<AuctionFeed, number>();
  #interrupted = false;
  #busy = false;
  #failing = false;

  constructor(parts: MaintenanceParts, log: Logger) {
    this.#parts = parts;
    this.#log = log;
    parts.channels.onRestored(() => {
      this.#interrupted = true;
      void this.#tick();
    });
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => this.#speak(), SILENCE_TICK_MS),
    ];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #speak(): void {
    const { watched, source } = this.#parts;
    // Whoever is not silent for long enough now would be for too long at the next look.
    const since = monotonicNow() - LONGEST_SILENCE_MS + SILENCE_TICK_MS;
    const now = source.now();
    for (const { auctionId, view } of watched.feeds()) {
      if (isInLastMinutes(view, now)) this.#parts.speak(auctionId, since);
    }
  }

  async #tick(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const { watched } = this.#parts;
    const wasInterrupted = this.#interrupted;
    this.#interrupted = false;
    try {
      const now = monotonicNow();
      watched.closeIdle(now);
      const feeds = [...watched.feeds()].filter((feed) => wasInterrupted || this.#isDue(feed, now));
      await this.#check(feeds, !wasInterrupted);
      this.#failing = false;
    } catch (error) {
      this.#interrupted ||= wasInterrupted;
      if (!this.#failing) this.#log.warn({ err: error }, 'watched auctions cannot be checked');
      this.#failing = true;
    } finally {
      this.#busy = false;
    }
  }

  #isDue(feed: AuctionFeed, now: number): boolean {
    const checkedAt = this.#checkedAt.get(feed);
    if (checkedAt === undefined) {
      // The feed has just been read. Spread the first checks, so that they do not come in bursts.
      this.#checkedAt.set(feed, now - Math.random() * CHECK_EVERY_MS);
      return false;
    }
    if (now - checkedAt >= CHECK_EVERY_MS) return true;
    const { status, startsAt, endsAt } = feed.view;
    if (status !== 'live' && status !== 'scheduled') return false;
    const dueAt = Date.parse(status === 'scheduled' ? startsAt : endsAt) + AFTER_END_MS;
    const passed = this.#parts.source.now() - dueAt;
    // `checkedAt` before the due time: not yet checked since.
    return passed >= 0 && (now - checkedAt > passed || now - checkedAt >= OVERDUE_EVERY_MS);
  }

  /** @throws SourceUnavailableError; what was not checked is due again after its usual time */
  async #check(due: readonly AuctionFeed[], messagesMayBeUnderWay: boolean): Promise<void> {
    for (let i = 0; i < due.length; i += AT_ONCE) {
      const feeds = due.slice(i, i + AT_ONCE);
      const now = monotonicNow();
      for (const feed of feeds) this.#checkedAt.set(feed, now);
      const before = feeds.map(({ view }) => view);
      const heads = await this.#parts.source.heads(feeds.map(({ auctionId }) => auctionId));
      // Behind what was sent before it was asked for: the source has lost writes. The next command
      // will start a new epoch and say so; viewers should not have to wait for one.
      const rolledBack = feeds.filter((_, n) => isBehind(heads[n], before[n]));
      const woken = rolledBack.slice(0, WAKE_AT_ONCE);
      await Promise.all(woken.map(({ auctionId }) => this.#parts.wake(auctionId)));
      const behind = (): AuctionFeed[] => feeds.filter(({ view }, n) => isBehind(view, heads[n]));
      if (messagesMayBeUnderWay && behind().length > 0) await pause(UNDER_WAY_MS);
      await Promise.all(behind().map((feed) => feed.catchUp()));
    }
  }
}

const isBehind = (at: Position | undefined, of: Position | undefined): boolean =>
  at !== undefined && of !== undefined && comparePositions(at, of) < 0;
