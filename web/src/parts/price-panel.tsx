import { useEffect } from 'preact/hooks';
import { useComputed } from '@preact/signals';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { countdown, extensionText, lastMinuteShare } from '../format/countdown.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText, buyNowOffer, leaderText, priceLabel } from '../format/outcome.ts';
import { momentText } from '../format/time.ts';
import { fineClock, serverNow } from '../state/clock.ts';
import type { Room } from '../state/room.ts';
import { MoneyText } from './money-text.tsx';

interface PricePanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** Long prices are set smaller, so that they fit beside the countdown, or a phone at all. */
function priceSize(text: string): string {
  if (text.length <= 8) return '';
  return text.length <= 11 ? ' price-medium' : ' price-long';
}

/** The two figures everybody looks at: the price, and how long it can still change. */
export function PricePanel({ auction, room }: PricePanelProps) {
  const { price, currency, status } = auction;
  const isOpen = status === 'live' || status === 'scheduled';
  const offer = buyNowOffer(auction);
  const size = priceSize(formatMoney(price, currency));
  return (
    <section class="price-panel" aria-label="Price and time">
      <div class="figures">
        <div>
          <p class="label">{priceLabel(auction)}</p>
          <p class={`price${size}`} data-testid="price">
            <MoneyText amount={price} currency={currency} lively />
          </p>
        </div>
        {isOpen && <BigCountdown auction={auction} room={room} />}
      </div>
      <p class="facts">
        <LeaderText auction={auction} leading={room.leading.value} />
        <span data-testid="bid-count">{bidCountText(auction.bidCount)}</span>
        <ReserveText auction={auction} />
        {offer !== undefined && (
          <span data-testid="buy-now-price">Buy now {formatMoney(offer, currency)}</span>
        )}
      </p>
    </section>
  );
}

function LeaderText({
  auction,
  leading,
}: {
  readonly auction: AuctionView;
  readonly leading: boolean;
}) {
  if (auction.leader === null) return null;
  return (
    <strong data-testid="leader" class={leading ? 'leader leader-you' : 'leader'}>
      {leaderText(auction, leading)}
    </strong>
  );
}

/** The reserve stays secret; only whether it is reached is known. */
function ReserveText({ auction }: { readonly auction: AuctionView }) {
  if (auction.status !== 'live') return null;
  if (!auction.reserveMet) return <span class="tag tag-open">Reserve not met yet</span>;
  return auction.leader === null ? null : <span class="tag tag-met">Will be sold</span>;
}

const EXTENSION_SHOWN_MS = 6_000;

function BigCountdown({ auction, room }: PricePanelProps) {
  const isLive = auction.status === 'live';
  const target = isLive ? auction.endsAt : auction.startsAt;
  const untilMs = Date.parse(target);
  const shown = useComputed(() => {
    const left = countdown(untilMs - fineClock.value, isLive);
    return `${left.mood}|${left.text}|${left.spoken}`;
  });
  const [mood = 'calm', text = '', spoken = ''] = shown.value.split('|');
  const waiting = isLive ? 'Closing …' : 'Opening …';
  return (
    <div class={`countdown countdown-${mood}`}>
      <p class="label">{isLive ? 'Ends in' : 'Opens in'}</p>
      <p class="countdown-text" data-testid="countdown">
        <span aria-hidden="true">{mood === 'over' ? waiting : text}</span>
        <span class="unseen">{mood === 'over' ? waiting : spoken}</span>
      </p>
      <p class="countdown-at">
        <time dateTime={target}>{momentText(untilMs, serverNow())}</time>
        <ExtensionNote room={room} />
      </p>
      {isLive && <LastMinuteBar untilMs={untilMs} />}
    </div>
  );
}

/** Says for a moment that a late bid has moved the end. */
function ExtensionNote({ room }: { readonly room: Room }) {
  const extension = room.extension.value;
  useEffect(() => {
    if (extension === null) return undefined;
    const timer = setTimeout(() => {
      room.extension.value = null;
    }, EXTENSION_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [room, extension]);
  if (extension === null) return null;
  return (
    <span key={extension.endsAt} class="extension" data-testid="extension">
      {extensionText(extension.addedMs)} added
    </span>
  );
}

function LastMinuteBar({ untilMs }: { readonly untilMs: number }) {
  // In hundredths: the bar moves in steps too small to see, and is drawn anew that often only.
  const share = useComputed(() => {
    const left = lastMinuteShare(untilMs - fineClock.value);
    return left === undefined ? undefined : Math.round(left * 200) / 200;
  });
  if (share.value === undefined) return null;
  return (
    <div class="last-minute" aria-hidden="true">
      <div style={{ transform: `scaleX(${share.value})` }} />
    </div>
  );
}
