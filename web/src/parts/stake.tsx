import type { AuctionView, OwnView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { NoticeCard } from './notice-text.tsx';

interface StakeProps {
  readonly auction: AuctionView;
  /** Null until it is known. */
  readonly own: OwnView | null;
  readonly leading: boolean;
}

/** Where the user stands in a live auction. */
export function Stake({ auction, own, leading }: StakeProps) {
  if (own === null) return null;
  const { currency, minimumBid, price } = auction;
  const maximum = own.maxAmount ?? 0;
  if (own.alias === null) {
    return <p class="aside">You have not bid here yet. When you do, others see only a number.</p>;
  }
  if (own.removed) {
    return (
      <div data-testid="stake">
        <NoticeCard tone="bad" title="You were removed">
          <p>Your bids in this auction do not count, and no further ones are taken.</p>
        </NoticeCard>
      </div>
    );
  }
  return (
    <div data-testid="stake">
      {leading ? (
        <NoticeCard tone="good" title="You lead">
          {maximum > price && <p>Your maximum is {formatMoney(maximum, currency)}.</p>}
        </NoticeCard>
      ) : (
        <NoticeCard tone="bad" title="You were outbid">
          {minimumBid !== null && (
            <p>{formatMoney(minimumBid, currency)} or more puts you back in.</p>
          )}
        </NoticeCard>
      )}
    </div>
  );
}
