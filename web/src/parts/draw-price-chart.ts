/** The price chart itself. A module of its own, so that only rooms load the drawing library. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatMoney, minorDigits } from '../format/money.ts';
import { axisTimes, momentText } from '../format/time.ts';
import { pointAt, type PricePoints } from '../state/price-points.ts';

export interface DrawnChart {
  show(points: PricePoints): void;
  remove(): void;
}

const HEIGHT = 220;
/** Hot auctions change many times per second; eyes do not. */
const DRAW_EVERY_MS = 200;
/** A chart that has just begun leaves room to grow. */
const SHORTEST_SPAN_SECONDS = 60;

/** Draws into `place`, follows its width and the page's colours. */
export function drawPriceChart(
  place: HTMLElement,
  currency: string,
  points: PricePoints,
): DrawnChart {
  let newest = points;
  let plot = newPlot(place, currency, newest);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const resized = new ResizeObserver(() => plot.setSize(sizeOf(place)));
  resized.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const recolour = (): void => {
    plot.destroy();
    plot = newPlot(place, currency, newest);
  };
  scheme.addEventListener('change', recolour);

  return {
    show(points) {
      newest = points;
      timer ??= setTimeout(() => {
        timer = undefined;
        plot.setData(dataOf(newest));
      }, DRAW_EVERY_MS);
    },
    remove() {
      clearTimeout(timer);
      resized.disconnect();
      scheme.removeEventListener('change', recolour);
      plot.destroy();
    },
  };
}

const sizeOf = (place: HTMLElement) => ({ width: place.clientWidth, height: HEIGHT });

const dataOf = ({ seconds, prices }: PricePoints): uPlot.AlignedData => [[...seconds], [...prices]];

function newPlot(place: HTMLElement, currency: string, points: PricePoints): uPlot {
  const style = getComputedStyle(place);
  const colour = (token: string): string => style.getPropertyValue(token).trim();
  const axis = {
    stroke: colour('--ink-soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  const options: uPlot.Options = {
    ...sizeOf(place),
    legend: { show: false },
    padding: [12, 40, 0, 0],
    cursor: {
      y: false,
      points: { size: 9, fill: colour('--accent') },
      drag: { x: false },
      dataIdx: (plot, _series, _nearest, moment) => pointAt(plot.data[0], moment),
    },
    scales: {
      x: { range: (_plot, from, to) => [from, Math.max(to, from + SHORTEST_SPAN_SECONDS)] },
      y: { range: (_plot, low, high) => paddedRange(low, high) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 48,
        values: (_plot, ticks) => axisTimes(ticks),
      },
      {
        ...axis,
        size: (_plot, texts) => 20 + 7.5 * Math.max(3, ...(texts ?? []).map((t) => t.length)),
        values: (_plot, ticks) => moneyTicks(ticks, currency),
      },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        fill: colour('--accent-faint'),
        width: 2,
        points: { show: false },
        ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
    ],
    plugins: [tooltip(currency)],
  };
  return new uPlot(options, dataOf(points), place);
}

/** Some room above and below, so that a flat line does not lie on the edge. */
function paddedRange(low: number, high: number): [number, number] {
  const room = Math.max((high - low) * 0.08, high * 0.02, 1);
  return [Math.max(0, low - room), high + room];
}

/** Axis labels leave out what does not matter: `$120`, `$1.2K`; cents on all of them or on none. */
function moneyTicks(ticks: readonly number[], currency: string): string[] {
  const digits = minorDigits(currency);
  const amounts = ticks.map((tick) => tick / 10 ** digits);
  const isLarge = amounts.some((amount) => amount >= 10_000);
  const fraction = amounts.every((amount) => Number.isInteger(amount)) ? 0 : digits;
  const format = new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    ...(isLarge
      ? { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 2 }
      : { minimumFractionDigits: fraction, maximumFractionDigits: fraction }),
  });
  return amounts.map((amount) => format.format(amount));
}

/** The price and the moment under the pointer. */
function tooltip(currency: string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-tip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idxs, left = -1 } = plot.cursor;
        const idx = idxs?.[1] ?? null;
        const price = idx === null ? undefined : plot.data[1]?.[idx];
        box.hidden = left < 0 || typeof price !== 'number';
        if (typeof price !== 'number') return;
        // Right of the newest point there is nothing yet.
        const atMs = Math.min(plot.posToVal(left, 'x'), plot.data[0].at(-1) ?? 0) * 1_000;
        box.textContent = `${formatMoney(price, currency)} · ${momentText(atMs, Date.now())}`;
        const half = box.offsetWidth / 2;
        const middle = Math.min(Math.max(left, half), plot.over.clientWidth - half);
        box.style.transform = `translateX(${Math.round(middle - half)}px)`;
      },
    },
  };
}
