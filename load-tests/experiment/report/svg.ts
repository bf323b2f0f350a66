/** Plots as SVG text; pure. Colours come from the page's style sheet. */

export interface Point {
  readonly x: number;
  /** Null is a gap in the line. */
  readonly y: number | null;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A stretch of the x axis that is shaded. */
export interface Mark {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface LinePlot {
  /** For people who cannot see it. */
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly lines: readonly Line[];
  readonly marks?: readonly Mark[];
  /** Filled, one upon the other. */
  readonly stacked?: true;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
}

const WIDTH = 900;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 16;
const TOP = 22;
const BOTTOM = 44;
const INNER_WIDTH = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;
const TICKS = 5;
const X_TICKS = 10;

export const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const fixed = (value: number): string => value.toFixed(1);

/** Such as 1,200 or 1.25 or 0.25. */
export const shortNumber = (value: number): string =>
  value >= 10 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toPrecision(value < 1 ? 2 : 3).replace(/\.?0+$/, '');

/** About `count` round numbers from 0 to at least `highest`. */
export function ticks(highest: number, count = TICKS): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, i) => i * step);
}

export function linePlot(plot: LinePlot): string {
  const lines = plot.stacked === true ? stack(plot.lines) : plot.lines;
  const points = lines.flatMap((line) => line.points);
  const lastX = points.reduce((most, { x }) => Math.max(most, x), 0) || 1;
  const yTicks = ticks(points.reduce((most, { y }) => Math.max(most, y ?? 0), 0));
  const topY = yTicks.at(-1) ?? 1;
  const px = (x: number): number => LEFT + (Math.max(0, x) / lastX) * INNER_WIDTH;
  const py = (y: number): number => TOP + INNER_HEIGHT * (1 - y / topY);
  const xTicks = ticks(lastX, X_TICKS).filter((x) => x <= lastX);
  const shapes = lines.map((line, i) =>
    plot.stacked === true
      ? area(line, lines[i - 1], px, py, i)
      : `<path class="line c${i}" d="${path(line.points, px, py)}"/>`,
  );
  return (
    frame(plot, [
      ...yGrid(yTicks, py),
      ...xTicks.map((x) => xLabel(px(x), shortNumber(x))),
      // The first is drawn last: the lowest area of a stack covers those behind it, and a p50 is not
      // hidden by the p99.
      ...shapes.toReversed(),
      // In front: an area would hide them.
      ...(plot.marks ?? []).map((mark) => shade(mark, px)),
    ]) + legend(plot.lines.map(({ name }) => name))
  );
}

/** Bars beside each other, with a label below every second one when there are many. */
export function barPlot(
  about: { title: string; xName: string; yName: string },
  bars: readonly Bar[],
): string {
  const yTicks = ticks(Math.max(...bars.map(({ value }) => value), 0));
  const top = yTicks.at(-1) ?? 1;
  const py = (y: number): number => TOP + INNER_HEIGHT * (1 - y / top);
  const width = INNER_WIDTH / Math.max(1, bars.length);
  const every = Math.ceil(bars.length / 16);
  const shapes = bars.flatMap(({ label, value }, i) => {
    const x = LEFT + i * width;
    const bar =
      `<rect class="bar" x="${fixed(x + 1)}" y="${fixed(py(value))}" width="${fixed(Math.max(1, width - 2))}" ` +
      `height="${fixed(TOP + INNER_HEIGHT - py(value))}"><title>up to ${escapeText(label)}: ${shortNumber(value)}</title></rect>`;
    return i % every === 0 ? [bar, xLabel(x + width, label)] : [bar];
  });
  return frame(about, [...yGrid(yTicks, py), ...shapes]);
}

function frame(
  about: { title: string; xName: string; yName: string },
  inside: readonly string[],
): string {
  const bottom = TOP + INNER_HEIGHT;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(about.title)}">`,
    ...inside,
    `<line class="axis" x1="${LEFT}" y1="${bottom}" x2="${WIDTH - RIGHT}" y2="${bottom}"/>`,
    `<text class="name" x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${escapeText(about.xName)}</text>`,
    `<text class="name" x="${LEFT}" y="12">${escapeText(about.yName)}</text>`,
    '</svg>',
  ].join('');
}

const yGrid = (values: readonly number[], py: (y: number) => number): string[] =>
  values.map((y) => {
    const at = fixed(py(y));
    return (
      `<line class="grid" x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}"/>` +
      `<text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${shortNumber(y)}</text>`
    );
  });

const xLabel = (x: number, text: string): string =>
  `<text x="${fixed(x)}" y="${TOP + INNER_HEIGHT + 18}" text-anchor="middle">${escapeText(text)}</text>`;

function shade({ name, from, to }: Mark, px: (x: number) => number): string {
  const x = px(from);
  const width = Math.max(2, px(to) - x);
  return (
    `<rect class="mark" x="${fixed(x)}" y="${TOP}" width="${fixed(width)}" height="${INNER_HEIGHT}"/>` +
    `<text class="mark-name" x="${fixed(x + width / 2)}" y="${TOP + 12}" text-anchor="middle">${escapeText(name)}</text>`
  );
}

function path(
  points: readonly Point[],
  px: (x: number) => number,
  py: (y: number) => number,
): string {
  let pen = 'M';
  const steps: string[] = [];
  for (const { x, y } of points) {
    if (y === null) {
      pen = 'M';
      continue;
    }
    steps.push(`${pen}${fixed(px(x))} ${fixed(py(y))}`);
    pen = 'L';
  }
  return steps.join('');
}

function area(
  line: Line,
  below: Line | undefined,
  px: (x: number) => number,
  py: (y: number) => number,
  colour: number,
): string {
  const floor = line.points.map(({ x }, i) => ({ x, y: below?.points[i]?.y ?? 0 }));
  const outline = path([...line.points, ...floor.toReversed()], px, py);
  return `<path class="area c${colour}" d="${outline}Z"/>`;
}

/** Each line on top of the ones before it. */
function stack(lines: readonly Line[]): Line[] {
  const heights: number[] = [];
  return lines.map(({ name, points }) => ({
    name,
    points: points.map(({ x, y }, i) => {
      const height = (heights[i] ?? 0) + (y ?? 0);
      heights[i] = height;
      return { x, y: height };
    }),
  }));
}

const legend = (names: readonly string[]): string =>
  `<p class="legend">${names
    .map((name, i) => `<span><i class="c${i}"></i>${escapeText(name)}</span>`)
    .join('')}</p>`;
