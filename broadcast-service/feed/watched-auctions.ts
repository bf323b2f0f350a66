/** Which auctions somebody watches on this node. What nobody watches costs nothing. */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { AuctionFeed, type FeedOutput } from './auction-feed.ts';
import { SourceUnavailableError, type AuctionSource, type LiveChannels } from './auction-source.ts';
import type { LiveMessage } from './live-message.ts';

/** A viewer's hold on a feed. */
export interface Lease {
  readonly feed: AuctionFeed;
  /** To be called once, when the viewer has left. */
  release(): void;
}

interface Entry {
  readonly opening: Promise<AuctionFeed | undefined>;
  feed: AuctionFeed | undefined;
  viewers: number;
  /** By `monotonicNow`, ms. */
  idleSince: number;
}

/** A viewer who reloads the page finds the subscription still there. */
const GRACE_MS = 5_000;
const MAX_WATCHED_PER_NODE = 20_000;
/** Messages kept while the first snapshot is read. */
const MAX_MEANWHILE = 256;

export class WatchedAuctions {
  readonly #source: AuctionSource;
  readonly #channels: LiveChannels;
  readonly #output: FeedOutput;
  readonly #entries = new Map<string, Entry>();

  constructor(source: AuctionSource, channels: LiveChannels, output: FeedOutput) {
    this.#source = source;
    this.#channels = channels;
    this.#output = output;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** The open feeds. */
  *feeds(): Generator<AuctionFeed, void, void> {
    for (const { feed } of this.#entries.values()) if (feed !== undefined) yield feed;
  }

  /** Whether anybody watches the auction on this node. */
  isWatched(auctionId: string): boolean {
    return (this.#entries.get(auctionId)?.viewers ?? 0) > 0;
  }

  /**
   * Opens the auction's feed, or joins the one that is open.
   * @returns undefined when there is no such auction
   * @throws SourceUnavailableError
   */
  async acquire(auctionId: string): Promise<Lease | undefined> {
    const entry = this.#entries.get(auctionId) ?? this.#begin(auctionId);
    entry.viewers += 1;
    try {
      entry.feed = await entry.opening;
    } finally {
      if (entry.feed === undefined) this.#drop(auctionId, entry);
    }
    const { feed } = entry;
    const release = (): void => {
      entry.viewers -= 1;
      entry.idleSince = monotonicNow();
    };
    return feed && { feed, release };
  }

  /** Ends the subscriptions that nobody has used for a while. `now` is by `monotonicNow`, ms. */
  closeIdle(now: number): void {
    for (const [auctionId, entry] of this.#entries) {
      const idle = entry.viewers === 0 && entry.feed !== undefined;
      if (idle && now - entry.idleSince >= GRACE_MS) this.#drop(auctionId, entry);
    }
  }

  /** @throws SourceUnavailableError */
  #begin(auctionId: string): Entry {
    if (this.#entries.size >= MAX_WATCHED_PER_NODE) {
      throw new SourceUnavailableError('too many auctions are watched here');
    }
    const opening = this.#open(auctionId);
    const entry: Entry = { opening, feed: undefined, viewers: 0, idleSince: 0 };
    this.#entries.set(auctionId, entry);
    return entry;
  }

  #drop(auctionId: string, entry: Entry): void {
    if (this.#entries.get(auctionId) !== entry) return;
    this.#entries.delete(auctionId);
    this.#channels.unsubscribe(auctionId);
  }

  /** Subscribes before it reads, so that nothing falls in between. */
  async #open(auctionId: string): Promise<AuctionFeed | undefined> {
    const meanwhile: LiveMessage[] = [];
    let feed: AuctionFeed | undefined;
    await this.#channels.subscribe(auctionId, (message) => {
      if (feed !== undefined) feed.receive(message);
      else if (meanwhile.push(message) > MAX_MEANWHILE) meanwhile.shift();
    });
    const view = await this.#source.snapshot(auctionId);
    if (view === undefined) return undefined;
    feed = new AuctionFeed(view, this.#source, this.#output);
    for (const message of meanwhile) feed.receive(message);
    return feed;
  }
}
