import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { useComputed } from '@preact/signals';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
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

/** The two figures everybody looks at: the price, and how long it can still change. */
export function PricePanel({ auction, room }: PricePanelProps) {
  const { price, currency, status } = auction;
  // While it is paused, time stands still.
  const isCounting = status === 'live' || status === 'scheduled';
  const offer = buyNowOffer(auction);
  // A long price is set smaller: it has one line, which is as high as any.
  const length = formatMoney(price, currency).length;
  return (
    <section class="figures" aria-label="Price and time">
      <div class="figure-price">
        <p class="label">{priceLabel(auction)}</p>
        <p class="price" style={{ '--length': String(length) }} data-testid="price">
          <MoneyText amount={price} currency={currency} lively />
        </p>
        <p class="facts">
          <LeaderText auction={auction} room={room} />
          <span data-testid="bid-count">{bidCountText(auction.bidCount)}</span>
          {offer !== undefined && (
            <span data-testid="buy-now-price">Buy now {formatMoney(offer, currency)}</span>
          )}
        </p>
      </div>
      {isCounting && <BigCountdown auction={auction} room={room} />}
    </section>
  );
}

interface BidBarProps extends PricePanelProps {
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

function LeaderText({ auction, room }: PricePanelProps) {
  if (auction.leader === null) return null;
  const leading = room.leading.value;
  const own = room.own.value;
  const hasBid = own !== null && own.alias !== null && own.removed !== true;
  const isOutbid = !isOver(auction.status) && hasBid && !leading;
  const tone = leading ? ' leader-you' : isOutbid ? ' leader-outbid' : '';
  return (
    <strong data-testid="leader" class={`leader${tone}`}>
      {isOutbid && 'Outbid. '}
      {leaderText(auction, leading)}
    </strong>
  );
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
        <ExtensionNote room={room} />
        <time dateTime={target}>{momentText(untilMs, serverNow())}</time>
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
