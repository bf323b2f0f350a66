import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { formatMoney } from '../format/money.ts';
import { lastBidsText } from '../format/outcome.ts';
import { slowClock } from '../state/clock.ts';
import { pricePoints } from '../state/price-points.ts';
import type { Room } from '../state/room.ts';
import type { DrawnChart } from './draw-price-chart.ts';
import { GapText } from './gap-text.tsx';
import { Panel } from './panel.tsx';

interface PriceChartProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** The price over time as a step line. The drawing library comes when the first chart is shown. */
export function PriceChart({ auction, room }: PriceChartProps) {
  const { currency, price } = auction;
  const bids = room.bids.list.value;
  const isOpen = !isOver(auction.status);
  const nowMs = isOpen ? slowClock.value : Date.parse(auction.endsAt);
  const points = pricePoints(bids, { price, nowMs });
  const first = points.prices[0];
  const why = whyNoLine(auction.bidCount, isOpen);
  return (
    <Panel title="Price over time">
      {why !== undefined && <p class="muted">{why}</p>}
      {why === undefined && first === undefined && <GapText gap={room.bids.gap.value} />}
      {why === undefined && first !== undefined && (
        <figure class="chart">
          <Drawing points={points} currency={currency} />
          <figcaption class="unseen">
            From {formatMoney(first, currency)} to {formatMoney(price, currency)} in{' '}
            {lastBidsText(bids.length, auction.bidCount)}.
          </figcaption>
        </figure>
      )}
    </Panel>
  );
}

/** By the auction's own count: the list of bids may still be on its way. */
function whyNoLine(bidCount: number, isOpen: boolean): string | undefined {
  if (bidCount === 0) {
    return isOpen ? 'The line starts with the first bid.' : 'The price never moved.';
  }
  return bidCount === 1 && !isOpen ? 'One bid, one price: there is no line to draw.' : undefined;
}

interface DrawingProps {
  readonly points: ReturnType<typeof pricePoints>;
  readonly currency: string;
}

function Drawing({ points, currency }: DrawingProps) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<DrawnChart>();
  const [failed, setFailed] = useState(false);
  const newest = useRef(points);
  newest.current = points;
  useEffect(() => {
    let drawn: DrawnChart | undefined;
    let gone = false;
    const draw = async (): Promise<void> => {
      try {
        const { drawPriceChart } = await import('./draw-price-chart.ts');
        if (gone || place.current === null) return;
        drawn = drawPriceChart(place.current, currency, newest.current);
        setChart(drawn);
      } catch (error) {
        // Without the chart the page still tells the price and all bids.
        console.warn('the chart could not be loaded', error);
        setFailed(true);
      }
    };
    void draw();
    return () => {
      gone = true;
      drawn?.remove();
    };
  }, [currency]);
  useEffect(() => chart?.show(points), [chart, points]);
  if (failed) return <p class="muted">The chart could not be loaded. Reload the page to see it.</p>;
  return <div ref={place} class="chart-place" aria-hidden="true" />;
}
