/**
 * Application-level keep-alive for an auction's last minutes: if nothing else was sent for a while,
 * the viewer count is sent again, so that a client notices a dead connection at once. One frame
 * serves all viewers of an auction.
 */
import { isInLastMinutes, LONGEST_SILENCE_MS } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionFeed } from './auction-feed.ts';

const CHECK_EVERY_MS = 500;

export class KeepAlive {
  readonly #timer: NodeJS.Timeout;

  /**
   * @param feeds those that are open
   * @param serverNow the deciding clock, ms since 1970
   * @param speak says something to the auction's viewers, when they were told nothing since `since`
   *   (ms, steady clock)
   */
  constructor(
    feeds: () => Iterable<AuctionFeed>,
    serverNow: () => number,
    speak: (auctionId: string, since: number) => void,
  ) {
    this.#timer = setInterval(() => {
      // Whoever is not silent for long enough now would be for too long at the next look.
      const since = monotonicNow() - LONGEST_SILENCE_MS + CHECK_EVERY_MS;
      const now = serverNow();
      for (const { auctionId, view } of feeds()) {
        if (isInLastMinutes(view, now)) speak(auctionId, since);
      }
    }, CHECK_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
