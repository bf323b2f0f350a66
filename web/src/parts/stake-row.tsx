import { formatMoney } from '../format/money.ts';
import { priceLabel } from '../format/outcome.ts';
import { NOBODY_HIGHER } from '../format/offers.ts';
import { roomPath } from '../routes.ts';
import { momentOf } from '../state/clock.ts';
import type { Services } from '../state/services.ts';
import type { Stake, Standing } from '../state/stakes.ts';
import { ItemTile } from './item-tile.tsx';
import { MoneyText } from './money-text.tsx';
import { AskNextStep } from './next-step.tsx';
import { TimeLeft } from './time-left.tsx';

export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  outbid: 'Outbid',
  leading: 'Leading',
  won: 'Won',
  lost: 'Lost',
  unsold: 'Not sold',
};

interface StakeRowProps {
  readonly stake: Stake;
  readonly client: Services['client'];
}

/** One auction that the user has bid in: the whole row is the link to its room. */
export function StakeRow({ stake, client }: StakeRowProps) {
  const { auction, standing } = stake;
  const { id, item, currency, price } = auction;
  return (
    <article class={`stake-row stake-row-${standing}`} data-testid="stake-row" data-auction-id={id}>
      <div class="stake-row-picture">
        <ItemTile item={item} />
      </div>
      <div class="stake-row-what">
        <h2 class="whole-link">
          <a href={roomPath(id)} dir="auto">
            {item.title}
          </a>
        </h2>
        <p class="hint">{ownText(stake)}</p>
        {standing === 'won' && (
          <div class="stake-row-next">
            <AskNextStep client={client} auctionId={id} />
          </div>
        )}
      </div>
      <p class="row-price">
        <span class="label">{priceLabel(auction)}</span>
        <strong>
          <MoneyText amount={price} currency={currency} lively />
        </strong>
      </p>
      <p class="row-state">
        <span class={`tag tag-${standing}`}>{STANDING_WORDS[standing]}</span>
        <RowTime stake={stake} />
      </p>
    </article>
  );
}

function RowTime({ stake: { auction } }: { readonly stake: Stake }) {
  if (auction.status === 'live') {
    return <TimeLeft auction={auction} />;
  }
  if (auction.status === 'paused') return <span class="hint">Paused</span>;
  return <span class="hint">{momentOf(auction.endsAt)}</span>;
}

function ownText({ own, auction, standing }: Stake): string {
  const { currency, minimumBid } = auction;
  const offer = own.highestOffer === null ? '' : formatMoney(own.highestOffer, currency);
  if (standing === 'outbid') {
    if (minimumBid === null) return `You offered ${offer}. ${NOBODY_HIGHER}`;
    return `You offered ${offer}. ${formatMoney(minimumBid, currency)} or more puts you back in.`;
  }
  if (offer === '') return 'You bought it.';
  return standing === 'leading' ? `Your maximum is ${offer}.` : `You offered ${offer}.`;
}
