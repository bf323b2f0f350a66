/** Periodic work of the feed: checks heads, ends idle subscriptions, recovers after reconnections. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { HeadChecks } from './check-heads.ts';
import type { LiveChannels } from './auction-source.ts';
import type { WatchedAuctions } from './watched-auctions.ts';

const TICK_MS = 250;

export class FeedMaintenance {
  readonly #watched: WatchedAuctions;
  readonly #checks: HeadChecks;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #interrupted = false;
  #busy = false;
  #failing = false;

  constructor(watched: WatchedAuctions, checks: HeadChecks, channels: LiveChannels, log: Logger) {
    this.#watched = watched;
    this.#checks = checks;
    this.#log = log;
    channels.onRestored(() => {
      this.#interrupted = true;
      void this.#tick();
    });
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #tick(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const afterInterruption = this.#interrupted;
    try {
      const now = monotonicNow();
      this.#watched.closeIdle(now);
      if (afterInterruption) {
        this.#interrupted = false;
        await this.#checks.checkAll(this.#watched.feeds());
      } else {
        await this.#checks.checkDue(this.#watched.feeds(), now);
      }
      this.#failing = false;
    } catch (error) {
      this.#interrupted ||= afterInterruption;
      if (!this.#failing) this.#log.warn({ err: error }, 'watched auctions cannot be checked');
      this.#failing = true;
    } finally {
      this.#busy = false;
    }
  }
}
