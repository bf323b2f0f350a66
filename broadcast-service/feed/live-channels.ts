/** What the feed needs of publish and subscribe, which is only a hint: messages may be lost. */
import type { LiveMessage } from './live-message.ts';

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
