/**
 * Compares the watched auctions with the source: a lost message that was the last one leaves no
 * gap to notice. Each auction every 5 s, and when its end has come.
 */
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionFeed } from './auction-feed.ts';
import type { AuctionSource } from './auction-source.ts';

/** Makes whoever decides look at an auction again. Never rejects. */
export type WakeAuction = (auctionId: string) => Promise<void>;

const CHECK_EVERY_MS = 5_000;
/** Time for whoever closes the auction to do so, and for the message to arrive. */
const AFTER_END_MS = 300;
/** Between its end and the news of it, an auction is looked at more often. */
const OVERDUE_EVERY_MS = 1_000;
const AT_ONCE = 500;
const WAKE_AT_ONCE = 50;
/** A message under way is not a lost one: what is behind is looked at again after this. */
const UNDER_WAY_MS = 200;

export class HeadChecks {
  readonly #source: AuctionSource;
  readonly #wake: WakeAuction;
  readonly #checkedAt = new WeakMap<AuctionFeed, number>();

  constructor(source: AuctionSource, wake: WakeAuction) {
    this.#source = source;
    this.#wake = wake;
  }

  /**
   * Checks the feeds whose turn it is.
   * @param now by `monotonicNow`, ms
   * @throws SourceUnavailableError; what was not checked is due again after its usual time
   */
  async checkDue(feeds: Iterable<AuctionFeed>, now: number): Promise<void> {
    const due = [...feeds].filter((feed) => this.#isDue(feed, now));
    await this.#check(due, true);
  }

  /** Checks all of these now: the subscription was interrupted. @throws SourceUnavailableError */
  async checkAll(feeds: Iterable<AuctionFeed>): Promise<void> {
    await this.#check([...feeds], false);
  }

  #isDue(feed: AuctionFeed, now: number): boolean {
    const checkedAt = this.#checkedAt.get(feed);
    if (checkedAt === undefined) {
      // The feed has just been read. Spread the first checks, so that they do not come in bursts.
      this.#checkedAt.set(feed, now - Math.random() * CHECK_EVERY_MS);
      return false;
    }
    if (now - checkedAt >= CHECK_EVERY_MS) return true;
    if (feed.view.status !== 'live' && feed.view.status !== 'scheduled') return false;
    const { status, startsAt, endsAt } = feed.view;
    const dueAt = Date.parse(status === 'scheduled' ? startsAt : endsAt) + AFTER_END_MS;
    const passed = this.#source.now() - dueAt;
    // `checkedAt` before the due time: not yet checked since.
    return passed >= 0 && (now - checkedAt > passed || now - checkedAt >= OVERDUE_EVERY_MS);
  }

  async #check(feeds: readonly AuctionFeed[], messagesMayBeUnderWay: boolean): Promise<void> {
    for (let i = 0; i < feeds.length; i += AT_ONCE) {
      const chunk = feeds.slice(i, i + AT_ONCE);
      const behind = await this.#compare(chunk);
      if (behind.length === 0) continue;
      if (messagesMayBeUnderWay) {
        await new Promise((resolve) => {
          setTimeout(resolve, UNDER_WAY_MS);
        });
      }
      const still = behind.filter(({ feed, head }) => comparePositions(feed.view, head) < 0);
      await Promise.all(still.map(({ feed }) => feed.catchUp()));
    }
  }

  async #compare(
    feeds: readonly AuctionFeed[],
  ): Promise<readonly { feed: AuctionFeed; head: Position }[]> {
    const now = monotonicNow();
    for (const feed of feeds) this.#checkedAt.set(feed, now);
    const positions = feeds.map(({ view: { epoch, seq } }) => ({ epoch, seq }));
    const heads = await this.#source.heads(feeds.map((feed) => feed.auctionId));
    const behind: { feed: AuctionFeed; head: Position }[] = [];
    const rolledBack: AuctionFeed[] = [];
    for (const [i, feed] of feeds.entries()) {
      const [head, before] = [heads[i], positions[i]];
      if (head === undefined || before === undefined) continue;
      if (comparePositions(feed.view, head) < 0) behind.push({ feed, head });
      // Behind what was sent before it was asked for: the source has lost writes. The next command
      // will start a new epoch and say so; viewers should not have to wait for one.
      if (comparePositions(head, before) < 0) rolledBack.push(feed);
    }
    await Promise.all(rolledBack.slice(0, WAKE_AT_ONCE).map((feed) => this.#wake(feed.auctionId)));
    return behind;
  }
}
