/**
 * In an auction's last minutes its viewers are never without a word for long, so that each of them
 * notices at once when its connection has died without one. One frame serves all viewers of an
 * auction, and none is sent where bids or counts are sent anyway.
 */
import { isInLastMinutes, LONGEST_SILENCE_MS } from '@outcry/shared/contracts/live.ts';
import type { AuctionFeed } from './auction-feed.ts';

const LOOK_EVERY_MS = 500;

export class BreakSilence {
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
      const since = performance.now() - LONGEST_SILENCE_MS + LOOK_EVERY_MS;
      const now = serverNow();
      for (const { auctionId, view } of feeds()) {
        if (isInLastMinutes(view, now)) speak(auctionId, since);
      }
    }, LOOK_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
