import type { AuctionView, OwnView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { AlertIcon, CheckIcon } from './icons.tsx';

interface StakeProps {
  readonly auction: AuctionView;
  readonly own: OwnView | null;
  readonly leading: boolean;
}

/** Where the user stands in a live auction; nothing for those who have not bid. */
export function Stake({ auction, own, leading }: StakeProps) {
  if (own === null || own.alias === null || auction.status !== 'live') return null;
  const { currency, minimumBid, price } = auction;
  if (leading) {
    const maximum = own.maxAmount ?? 0;
    return (
      <div class="stake stake-leading" data-testid="stake">
        <CheckIcon />
        <p>
          <strong>You lead</strong>
          {maximum > price && <> with a maximum of {formatMoney(maximum, currency)}</>}
        </p>
      </div>
    );
  }
  return (
    <div class="stake stake-outbid" data-testid="stake">
      <AlertIcon />
      <p>
        <strong>You were outbid.</strong> {formatMoney(minimumBid, currency)} or more puts you back
        in.
      </p>
    </div>
  );
}
