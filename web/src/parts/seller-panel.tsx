import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Room } from '../state/room.ts';
import { AuctionControls } from './auction-controls.tsx';

interface SellerPanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** What the seller sees in place of the bidding: how it goes, and what can still be changed. */
export function SellerPanel({ auction, room }: SellerPanelProps) {
  return (
    <section class="stack" aria-label="Your auction">
      <p class="aside">
        <strong>This is your auction.</strong> {hintText(auction)}
      </p>
      <AuctionControls isSeller auction={auction} selling={room.selling} />
    </section>
  );
}

function hintText({ status, leader }: AuctionView): string {
  if (status === 'paused') return 'It is paused. Nobody can bid until you resume it.';
  if (status === 'scheduled') {
    return 'It opens by itself. Until its first bid you can change or cancel it.';
  }
  return leader === null
    ? 'Until the first bid you can change or cancel it. You cannot bid yourself.'
    : 'There are bids, so it can no longer be cancelled. You can still give it more time.';
}
