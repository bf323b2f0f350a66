import type { ComponentChildren } from 'preact';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Room } from '../state/room.ts';
import { PricePanel } from './price-panel.tsx';

interface BidBarProps {
  readonly auction: AuctionView;
  readonly room: Room;
  /** What can be done about the price. */
  readonly children?: ComponentChildren;
}

/**
 * An open auction's price and time with the button to bid. In a small window it stays at the
 * bottom, in reach of a thumb; its parts keep their places whatever happens in the auction.
 */
export function BidBar({ auction, room, children }: BidBarProps) {
  return (
    <div class="bid-bar stack">
      <PricePanel auction={auction} room={room} />
      {children}
    </div>
  );
}
