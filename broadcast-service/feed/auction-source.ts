/** What the feed needs: to read auctions, and to hear of them. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { LiveEvent, LiveMessage } from './live-message.ts';

/** The source did not answer in time, or its data is not whole. The message is for clients. */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError';
}

/**
 * Reads straight from where bids are decided, never from a copy that may lag. Every method
 * answers within a time limit or throws {@link SourceUnavailableError}.
 */
export interface AuctionSource {
  /** The present state, or undefined when there is no such auction. */
  snapshot(auctionId: string): Promise<AuctionView | undefined>;
  /**
   * Events above `seq` of the history that counts, in order. May give a few more than `limit`;
   * with more than `limit` there are events that it does not give. None where they are too large
   * to be read, as if the log did not have them any more.
   */
  eventsAfter(auctionId: string, seq: number, limit: number): Promise<readonly LiveEvent[]>;
  /** The newest position of each auction; undefined where there is no such auction. */
  heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]>;
  /** The deciding clock, ms since 1970; an estimate between readings. */
  now(): number;
}

/** Publish and subscribe, which is only a hint: messages may be lost. */
export interface LiveChannels {
  /**
   * Resolves when messages of this auction, from then on, reach the listener in order. A lost
   * connection is restored without being asked; messages meanwhile are lost, see `onRestored`.
   * @throws SourceUnavailableError
   */
  subscribe(auctionId: string, listener: (message: LiveMessage) => void): Promise<void>;
  unsubscribe(auctionId: string): void;
  /** Called after each time the connection was lost and all subscriptions are back. */
  onRestored(listener: () => void): void;
}
