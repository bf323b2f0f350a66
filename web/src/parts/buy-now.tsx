import { useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import type { Bidding } from '../state/bidding.ts';

interface BuyNowProps {
  readonly auction: AuctionView;
  readonly bidding: Bidding;
}

/** Ends the auction at the seller's price; asks once more first, as there is no way back. */
export function BuyNow({ auction, bidding }: BuyNowProps) {
  const [asking, setAsking] = useState(false);
  const { buyNowPrice, leader, currency } = auction;
  // The first bid takes the offer away.
  if (buyNowPrice === undefined || leader !== null) return null;
  const price = formatMoney(buyNowPrice, currency);
  const busy = bidding.sending.value !== null;
  if (!asking) {
    return (
      <div class="buy-now">
        <span class="or">or</span>
        <button type="button" class="button button-large" onClick={() => setAsking(true)}>
          Buy now for {price}
        </button>
      </div>
    );
  }
  const confirm = async (): Promise<void> => {
    if (!(await bidding.buyNow(buyNowPrice, currency))) setAsking(false);
  };
  return (
    <div class="buy-now buy-now-asking" role="group" aria-label="Confirm buy now">
      <p>
        You pay <strong>{price}</strong> and the auction ends at once.
      </p>
      <div class="row">
        <button
          type="button"
          class="button button-primary"
          disabled={busy}
          onClick={() => void confirm()}
        >
          Yes, buy it
        </button>
        <button type="button" class="button" disabled={busy} onClick={() => setAsking(false)}>
          Not now
        </button>
      </div>
    </div>
  );
}
