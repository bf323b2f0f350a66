import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { AuctionTerms, OwnAuction } from '@outcry/shared/contracts/history.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText, leaderText, priceLabel } from '../format/outcome.ts';
import { AuctionControls } from '../parts/auction-controls.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { ItemTile } from '../parts/item-tile.tsx';
import { useWatchInSight } from '../parts/lobby-cards.tsx';
import { MoneyText } from '../parts/money-text.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { TimeLeft } from '../parts/time-left.tsx';
import { goTo } from '../router.ts';
import { duplicatePath, roomPath } from '../routes.ts';
import { viewOfArchived } from '../state/archived-view.ts';
import { momentOf } from '../state/clock.ts';
import type { LiveViews } from '../state/live-views.ts';
import { Selling } from '../state/selling.ts';

interface SaleRowProps {
  readonly client: OutcryClient;
  readonly views: LiveViews;
  readonly own: OwnAuction;
}

/** One auction as its seller sees it: how it stands, its terms, and what can be done. */
export function SaleRow({ client, views, own }: SaleRowProps) {
  const auction = views.newest(viewOfArchived(own));
  const element = useWatchInSight<HTMLLIElement>(views, auction);
  const { id, item, currency, price } = auction;
  const selling = useMemo(
    () => new Selling(client, id, (changed) => views.take(changed)),
    [client, views, id],
  );
  // Who has gone on meanwhile is not taken to another page.
  const isHere = useRef(true);
  useEffect(
    () => () => {
      isHere.current = false;
    },
    [],
  );
  const goToNew = (created: AuctionView): void => {
    if (isHere.current) goTo(roomPath(created.id));
  };
  const { terms } = own;
  const isUnsold = isOver(auction.status) && auction.outcome !== 'sold';
  const duplicate = terms !== null && <ButtonLink href={duplicatePath(id)}>Duplicate</ButtonLink>;
  return (
    <li ref={element}>
      <article class="sale" aria-label={item.title} data-testid="sale" data-auction-id={id}>
        <div class="sale-picture">
          <ItemTile item={item} />
        </div>
        <div>
          <h2>
            <a href={roomPath(id)} dir="auto">
              {item.title}
            </a>
          </h2>
          <p class="hint">{bidsText(auction)}</p>
          {terms !== null && <p class="hint">{termsText(auction, terms)}</p>}
        </div>
        <p class="row-price">
          <span class="label">{priceLabel(auction)}</span>
          <strong>
            <MoneyText amount={price} currency={currency} lively />
          </strong>
        </p>
        <p class="row-state">
          <span class={`tag tag-${toneOf(auction)}`}>{stateText(auction)}</span>
          <SaleTime auction={auction} />
        </p>
        <div class="sale-actions stack">
          {isOver(auction.status) ? (
            <>
              <div class="row">
                {isUnsold && terms !== null && (
                  <Button
                    look="primary"
                    disabled={selling.busy}
                    onClick={() => void selling.relist(own, terms, goToNew)}
                  >
                    {selling.sending.value === 'relist' ? 'Relisting …' : 'Relist'}
                  </Button>
                )}
                {duplicate}
              </div>
              <NoticeText notice={selling.notice.value} />
            </>
          ) : (
            <AuctionControls isSeller auction={auction} selling={selling}>
              {duplicate}
            </AuctionControls>
          )}
        </div>
      </article>
    </li>
  );
}

function SaleTime({ auction }: { readonly auction: AuctionView }) {
  switch (auction.status) {
    case 'live':
    case 'scheduled':
      return <TimeLeft auction={auction} />;
    case 'paused':
    case 'cancelled':
      return null;
    case 'ended':
      return <span class="hint">{momentOf(auction.endsAt)}</span>;
  }
}

/** Which of the page's tags it looks like. */
const toneOf = ({ status, outcome }: AuctionView): string =>
  status === 'ended' ? (outcome === 'sold' ? 'won' : 'open') : status;

function stateText({ status, outcome }: AuctionView): string {
  switch (status) {
    case 'scheduled':
      return 'Scheduled';
    case 'live':
      return 'Live';
    case 'paused':
      return 'Paused';
    case 'cancelled':
      return 'Cancelled';
    case 'ended':
      if (outcome === 'sold') return 'Sold';
      return outcome === 'reserve_not_met' ? 'Reserve not met' : 'No bids';
  }
}

/** Bidders are numbers, for sellers too. */
function bidsText(auction: AuctionView): string {
  const bids = bidCountText(auction.bidCount);
  return auction.leader === null ? bids : `${bids}, ${leaderText(auction, false)}`;
}

function termsText(
  { currency, leader, reserveMet }: AuctionView,
  { startPrice, reservePrice, buyNowPrice }: AuctionTerms,
): string {
  const money = (amount: number): string => formatMoney(amount, currency);
  const reached = leader === null ? '' : reserveMet ? ' (reached)' : ' (not reached)';
  return [
    `Start ${money(startPrice)}`,
    reservePrice === undefined ? 'no reserve' : `reserve ${money(reservePrice)}${reached}`,
    ...(buyNowPrice === undefined ? [] : [`buy now ${money(buyNowPrice)}`]),
  ].join(' · ');
}
