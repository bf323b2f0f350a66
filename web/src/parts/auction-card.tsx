import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText, buyNowOffer, priceLabel } from '../format/outcome.ts';
import { sellerName } from '../format/user-names.ts';
import { roomPath } from '../routes.ts';
import { momentOf } from '../state/clock.ts';
import { sellerPath } from '../state/lobby-wish.ts';
import { ItemTile } from './item-tile.tsx';
import { MoneyText } from './money-text.tsx';
import { TimeLeft } from './time-left.tsx';

interface AuctionCardProps {
  readonly auction: AuctionView;
}

/** One auction in a list: the whole card is the link to its room, but for its seller's name. */
export function AuctionCard({ auction }: AuctionCardProps) {
  const { id, item, sellerId, currency, price, status } = auction;
  const offer = buyNowOffer(auction);
  return (
    <article class={`card card-${status}`} data-testid="auction-card" data-auction-id={id}>
      <div class="card-picture">
        <ItemTile item={item} />
        <CardTime auction={auction} />
      </div>
      <div class="card-text">
        <h2 class="card-title whole-link">
          <a href={roomPath(id)} dir="auto">
            {item.title}
          </a>
        </h2>
        <p class="card-seller clip hint">
          by <a href={sellerPath(sellerId)}>{sellerName(sellerId)}</a>
        </p>
        <p class="card-price">
          <span class="label">{priceLabel(auction)}</span>
          <strong data-testid="card-price">
            <MoneyText amount={price} currency={currency} lively />
          </strong>
        </p>
        <p class="card-facts hint">
          {factsText(auction)}
          {offer !== undefined && <span>Buy now {formatMoney(offer, currency)}</span>}
        </p>
      </div>
    </article>
  );
}

function CardTime({ auction }: AuctionCardProps) {
  switch (auction.status) {
    case 'live':
    case 'scheduled':
      return <TimeLeft auction={auction} />;
    case 'paused':
      return <span class="time-left">paused</span>;
    case 'ended':
    case 'cancelled':
      return <span class="time-left">{endText(auction)}</span>;
  }
}

function endText({ status, outcome }: AuctionView): string {
  if (status === 'cancelled') return 'cancelled';
  switch (outcome ?? 'no_bids') {
    case 'sold':
      return 'sold';
    case 'reserve_not_met':
      return 'not sold';
    case 'no_bids':
      return 'no bids';
  }
}

function factsText(auction: AuctionView): string {
  const bids = bidCountText(auction.bidCount);
  if (auction.status === 'scheduled') {
    return `opens ${momentOf(auction.startsAt)}`;
  }
  if (isOver(auction.status)) {
    return `${bids}, ${momentOf(auction.endsAt)}`;
  }
  return auction.reserveMet || auction.leader === null ? bids : `${bids}, reserve not met`;
}
