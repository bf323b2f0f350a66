/** Plots as SVG, drawn by ECharts; pure. */
import * as echarts from 'echarts';

export interface Line {
  readonly name: string;
  /** x and y; null is a gap. */
  readonly points: readonly (readonly [number, number | null])[];
}

/** Lines of what `read` finds in each item, by name. */
export const linesOf = <T>(
  items: readonly T[],
  xOf: (item: T) => number,
  read: Readonly<Record<string, (item: T) => number | null | undefined>>,
): Line[] =>
  Object.entries(read).map(([name, valueOf]) => {
    return { name, points: items.map((item) => [xOf(item), valueOf(item) ?? null]) };
  });

/** A stretch of the x axis that is shaded. */
export interface Mark {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Plot {
  /** What is measured, with its unit. */
  readonly title: string;
  readonly lines: readonly Line[];
  readonly xName: string;
  readonly marks?: readonly Mark[];
  /** x is what grows step by step: a logarithmic axis, and a point for each step. */
  readonly steps?: {
    /** Those at which the machine was the limit and not the design; their points are hollow. */
    readonly limited: ReadonlySet<number>;
  };
}

const SIZE = { width: 900, height: 300 };

export function plotSvg({ title, lines, xName, marks = [], steps }: Plot): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      title: { text: title, textStyle: { fontSize: 14 } },
      legend: { top: 26, left: 50 },
      grid: { left: 60, right: 20, top: 66, bottom: 45 },
      xAxis: {
        type: steps === undefined ? 'value' : 'log',
        name: xName,
        nameLocation: 'middle',
        nameGap: 28,
        ...(steps === undefined
          ? { min: 0, max: Math.ceil(Math.max(...xs, 1)) }
          : { min: 'dataMin', max: 'dataMax' }),
      },
      yAxis: { type: 'value', min: 0 },
      series: lines.map(({ name, points }, i) => ({
        type: 'line',
        name,
        showSymbol: steps !== undefined,
        data: points.map(([x, y]) => ({
          value: [x, y],
          symbolSize: 7,
          symbol: steps?.limited.has(x) === true ? 'emptyCircle' : 'circle',
        })),
        ...(i === 0 && marks.length > 0 && { markArea: { data: marks.map(areaOf) } }),
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

const areaOf = ({ name, from, to }: Mark) => [
  { name, xAxis: from, itemStyle: { color: 'rgba(192, 38, 58, 0.12)' } },
  { xAxis: to },
];
