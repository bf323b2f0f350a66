import { isOver } from '@outcry/shared/contracts/events.ts';
import { useState } from 'preact/hooks';
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import { formatMoney } from '../format/money.ts';
import { bidderName } from '../format/outcome.ts';
import { agoText, momentText } from '../format/time.ts';
import { MAX_BIDS, type BidEntry, type BidList } from '../state/bid-list.ts';
import { slowClock } from '../state/clock.ts';
import type { Room } from '../state/room.ts';
import { Button } from './button.tsx';
import { GapText } from './gap-text.tsx';

interface BidHistoryProps {
  readonly room: Room;
  readonly currency: string;
}

const SHOWN_AT_FIRST = 6;
const ON_A_PAGE = 50;

/** The bids so far, the newest on top. */
export function BidHistory({ room, currency }: BidHistoryProps) {
  const [size, setSize] = useState(SHOWN_AT_FIRST);
  // The page shows what came before this bid, so that new ones do not move it; without it the newest.
  const [before, setBefore] = useState<BidEntry>();
  const bids = room.bids.list.value;
  const end = before === undefined ? bids.length : placeOf(before, bids);
  const start = Math.max(0, end - size);
  const shown = bids.slice(start, end).toReversed();
  const { hasOlder } = room.bids;
  const status = room.auction.value?.status;
  const isClosed = isOver(status);
  const showOlder = (): void => {
    if (size === SHOWN_AT_FIRST) setSize(ON_A_PAGE);
    else setBefore(bids[start]);
    if (hasOlder && start < 2 * ON_A_PAGE) room.bids.askForOlder();
  };
  return (
    <section class={`panel bid-history${isClosed ? '' : ' bid-history-open'}`} aria-label="Bids">
      <h2>Bids</h2>
      {bids.length === 0 && room.bids.gap.value === 'none' && (
        <p class="muted">
          {isClosed
            ? 'Nobody bid.'
            : 'No bids yet. The first one takes the lead at the start price.'}
        </p>
      )}
      <ol class="bids" data-testid="bid-list">
        {/* Rows stay where they are and get other bids: nothing below a new bid moves. */}
        {shown.map((bid, i) => (
          <BidRow
            key={i}
            bid={bid}
            currency={currency}
            isYou={bid.alias === room.own.value?.alias}
          />
        ))}
      </ol>
      <GapText gap={room.bids.gap.value} />
      {start === 0 && room.bids.isFull && (
        <p class="hint">Only the newest {MAX_BIDS.toLocaleString()} bids are shown.</p>
      )}
      <div class="bid-pages">
        {before !== undefined && (
          <Button look="quiet" onClick={() => setBefore(bids[end + ON_A_PAGE])}>
            Newer bids
          </Button>
        )}
        {(start > 0 || hasOlder) && (
          <Button look="quiet" onClick={showOlder}>
            {size === SHOWN_AT_FIRST ? 'Show more' : 'Older bids'}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Where the bid is in the list, or would be. */
function placeOf(bid: BidEntry, bids: BidList): number {
  const place = bids.findIndex((other) => comparePositions(other, bid) >= 0);
  return place === -1 ? bids.length : place;
}

interface BidRowProps {
  readonly bid: BidEntry;
  readonly currency: string;
  readonly isYou: boolean;
}

function BidRow({ bid, currency, isYou }: BidRowProps) {
  const { alias, amount, atMs, after } = bid;
  const now = slowClock.value;
  const beatenAtOnce = after !== undefined && after.leader !== alias;
  return (
    <li class={`bid${isYou ? ' bid-you' : ''}${bid.removed ? ' bid-removed' : ''}`}>
      <span class="bid-dot" aria-hidden="true" style={{ '--hue': String((alias * 67) % 360) }}>
        {alias}
      </span>
      <span class="bid-who clip">
        {bidderName(alias)} {isYou && <span class="tag tag-you">you</span>}
      </span>
      <span class="bid-amount">{formatMoney(amount, currency)}</span>
      <small class="bid-note clip">
        {bid.removed && 'Removed: it does not count.'}
        {beatenAtOnce &&
          !bid.removed &&
          `${bidderName(after.leader)} answered with ${formatMoney(after.price, currency)}`}
      </small>
      <time class="bid-time" dateTime={new Date(atMs).toISOString()} title={momentText(atMs, now)}>
        {agoText(atMs, now)}
      </time>
    </li>
  );
}
