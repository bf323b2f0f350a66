/** Several small plots beside each other, as one SVG file for light and dark pages; pure. */
import { escapeText, shortNumber, ticks } from '../experiment/report/svg.ts';

export interface PanelLine {
  readonly name: string;
  /** One value for each step; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Panel {
  /** What is measured, with its unit. */
  readonly name: string;
  readonly lines: readonly PanelLine[];
}

export interface PanelPlot {
  readonly title: string;
  readonly xName: string;
  /** What grows, step by step; steps are equally far apart. */
  readonly steps: readonly number[];
  /** Whether the machine was the limit at the step; its points are hollow. */
  readonly limited: readonly boolean[];
  readonly panels: readonly Panel[];
}

const PANEL_WIDTH = 330;
const HEIGHT = 300;
const LEFT = 54;
const RIGHT = 22;
const TOP = 66;
const BOTTOM = 52;
const INNER_WIDTH = PANEL_WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;
const FOOT = 26;
const LEGEND_FROM = 46;
const CHARACTER = 6.6;

/** Colours of its own, on a ground of its own: an image in a page cannot have the page's style. */
const STYLE = `
text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #5b6875; }
.title { font-size: 15px; font-weight: 600; } .title, .name { fill: #1c2530; }
.ground { fill: #fff; } .grid { stroke: #e3e8ed; } .axis { stroke: #5b6875; }
.line { fill: none; stroke-width: 2; } .dot { stroke-width: 2; }
.c0 { stroke: #1769c2; fill: #1769c2; } .c1 { stroke: #d97706; fill: #d97706; }
.c2 { stroke: #2f855a; fill: #2f855a; } .c3 { stroke: #7c4dbd; fill: #7c4dbd; }
.line.c0, .line.c1, .line.c2, .line.c3 { fill: none; } .dot.limited { fill: #fff; }
@media (prefers-color-scheme: dark) {
  text { fill: #9aa8b5; } .title, .name { fill: #e6ebf0; }
  .ground { fill: #12181f; } .grid { stroke: #2c3742; } .axis { stroke: #9aa8b5; }
  .c0 { stroke: #62a8f2; fill: #62a8f2; } .c1 { stroke: #f0a54a; fill: #f0a54a; }
  .c2 { stroke: #62c795; fill: #62c795; } .c3 { stroke: #b896ec; fill: #b896ec; }
  .dot.limited { fill: #12181f; } }`;

export function panelPlot(plot: PanelPlot): string {
  const width = PANEL_WIDTH * plot.panels.length;
  const note = plot.limited.includes(true)
    ? 'hollow: the machine, which also makes the load, was the limit'
    : '';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT + FOOT}" role="img" aria-label="${escapeText(plot.title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${HEIGHT + FOOT}"/>`,
    text(12, 20, plot.title, 'title'),
    ...plot.panels.map(
      (panel, i) => `<g transform="translate(${i * PANEL_WIDTH} 0)">${drawPanel(panel, plot)}</g>`,
    ),
    text(12, HEIGHT + FOOT - 10, note),
    '</svg>\n',
  ].join('\n');
}

function drawPanel(panel: Panel, { steps, limited, xName }: PanelPlot): string {
  const yTicks = ticks(Math.max(...panel.lines.flatMap(({ values }) => values.map(Number)), 0));
  const top = yTicks.at(-1) ?? 1;
  const px = (i: number): number => LEFT + (INNER_WIDTH * (i + 0.5)) / steps.length;
  const py = (y: number): number => TOP + INNER_HEIGHT * (1 - y / top);
  const bottom = TOP + INNER_HEIGHT;
  return [
    text(12, 38, panel.name, 'name'),
    legend(panel.lines.length > 1 ? panel.lines : []),
    ...yTicks.map(
      (y) =>
        `<line class="grid" x1="${LEFT}" y1="${at(py(y))}" x2="${PANEL_WIDTH - RIGHT}" y2="${at(py(y))}"/>` +
        text(LEFT - 6, py(y) + 4, shortNumber(y), '', 'end'),
    ),
    `<line class="axis" x1="${LEFT}" y1="${bottom}" x2="${PANEL_WIDTH - RIGHT}" y2="${bottom}"/>`,
    ...steps.map((step, i) => text(px(i), bottom + 17, stepText(step), '', 'middle')),
    text(PANEL_WIDTH - RIGHT, bottom + 36, xName, 'name', 'end'),
    ...panel.lines.map(({ values }, colour) => drawLine(values, colour, limited, px, py)),
  ].join('');
}

function drawLine(
  values: readonly (number | null)[],
  colour: number,
  limited: readonly boolean[],
  px: (i: number) => number,
  py: (y: number) => number,
): string {
  const points = values.flatMap((y, i) => (y === null ? [] : { x: px(i), y: py(y), i }));
  const path = points.map(({ x, y }, n) => `${n === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
  const dots = points.map(({ x, y, i }) => {
    const hollow = limited[i] === true ? ' limited' : '';
    return `<circle class="dot c${colour}${hollow}" cx="${at(x)}" cy="${at(y)}" r="3.5"/>`;
  });
  return `<path class="line c${colour}" d="${path}"/>${dots.join('')}`;
}

function legend(lines: readonly PanelLine[]): string {
  let x = LEFT;
  return lines
    .map(({ name }, colour) => {
      const entry =
        `<circle class="dot c${colour}" cx="${at(x)}" cy="${LEGEND_FROM + 4}" r="3.5"/>` +
        text(x + 8, LEGEND_FROM + 8, name);
      x += 24 + name.length * CHARACTER;
      return entry;
    })
    .join('');
}

const at = (value: number): string => value.toFixed(1);

/** Short, because many stand beside each other: 10,000 is 10k. */
const stepText = (step: number): string => (step >= 1_000 ? `${step / 1_000}k` : `${step}`);

const text = (x: number, y: number, of: string, style = '', anchor = 'start'): string =>
  `<text class="${style}" x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escapeText(of)}</text>`;
