import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText } from '../format/outcome.ts';
import { slowClock } from '../state/clock.ts';
import { pricePoints } from '../state/price-points.ts';
import type { Room } from '../state/room.ts';
import type { DrawnChart } from './draw-price-chart.ts';

interface PriceChartProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** The price over time as a step line. The drawing library comes when the first chart is shown. */
export function PriceChart({ auction, room }: PriceChartProps) {
  const { currency, price, status } = auction;
  const bids = room.bids.list.value;
  const isOpen = status === 'live' || status === 'scheduled';
  const nowMs = isOpen ? slowClock.value : Date.parse(auction.endsAt);
  const points = pricePoints(bids, { price, nowMs });
  const first = points.prices[0];
  return (
    <section class="panel" aria-label="Price over time">
      <h2>Price over time</h2>
      {first === undefined || (!isOpen && bids.length === 1) ? (
        <p class="muted">
          {isOpen ? 'The line starts with the first bid.' : lineless(bids.length)}
        </p>
      ) : (
        <figure class="chart">
          <Drawing points={points} currency={currency} />
          <figcaption class="unseen">
            From {formatMoney(first, currency)} to {formatMoney(price, currency)} in{' '}
            {bidCountText(auction.bidCount)}.
          </figcaption>
        </figure>
      )}
    </section>
  );
}

/** Why there is no line of an auction that is over. */
const lineless = (bids: number): string =>
  bids === 0 ? 'The price never moved.' : 'One bid, one price: there is no line to draw.';

interface DrawingProps {
  readonly points: ReturnType<typeof pricePoints>;
  readonly currency: string;
}

function Drawing({ points, currency }: DrawingProps) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<DrawnChart>();
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
      }
    };
    void draw();
    return () => {
      gone = true;
      drawn?.remove();
    };
  }, [currency]);
  useEffect(() => chart?.show(points), [chart, points]);
  return <div ref={place} class="chart-place" aria-hidden="true" />;
}
