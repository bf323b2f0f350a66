import { useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { buyNowOffer } from '../format/outcome.ts';
import type { Bidding } from '../state/bidding.ts';
import { session } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface BuyNowProps {
  readonly auction: AuctionView;
  readonly bidding: Bidding;
}

/** Ends the auction at the seller's price; asks once more first, as there is no way back. */
export function BuyNow({ auction, bidding }: BuyNowProps) {
  const [asking, setAsking] = useState(false);
  const { currency } = auction;
  const buyNowPrice = buyNowOffer(auction);
  if (buyNowPrice === undefined) return null;
  const price = formatMoney(buyNowPrice, currency);
  const busy = bidding.busy;
  const close = (): void => setAsking(false);
  const confirm = async (): Promise<void> => {
    if (!(await bidding.buyNow(buyNowPrice, currency))) close();
  };
  return (
    <div class="stack tight">
      <span class="or hint">or</span>
      <Button
        class="button-large"
        onClick={() => (session.value === null ? askToSignIn('buy') : setAsking(true))}
      >
        Buy now for {price}
      </Button>
      {/* Behind the dialog it would not be seen that the answer was lost. */}
      {asking && bidding.notice.value?.unresolved !== true && (
        <Dialog title="Buy it now?" onClose={close}>
          <p>
            You pay <strong>{price}</strong> and the auction ends at once. There is no way back.
          </p>
          <div class="row">
            <Button look="primary" disabled={busy} onClick={() => void confirm()}>
              {busy ? 'Buying …' : 'Yes, buy it'}
            </Button>
            <Button onClick={close}>Not now</Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
