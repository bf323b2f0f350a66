/** Which plots a series has; pure. */
import type { Panel, PanelPlot } from './panels.ts';
import type { PointFigures, ScalingPoint } from './point-figures.ts';
import type { Series } from './series.ts';

const MICROSECONDS = 1e6;

const bids = ({ bidsPerSecond }: PointFigures) => bidsPerSecond;
const messages = ({ messagesPerSecond }: PointFigures) => messagesPerSecond;

export function plotOf(series: Series, points: readonly ScalingPoint[]): PanelPlot {
  const line = (name: string, read: (figures: PointFigures) => number | undefined) => ({
    name,
    values: points.map(({ figures }) => read(figures) ?? null),
  });
  const each = (part: string, of: (figures: PointFigures) => number | undefined) =>
    line(part, (figures) => {
      const rate = of(figures) ?? 0;
      return rate === 0 ? undefined : ((figures.cores[part] ?? 0) / rate) * MICROSECONDS;
    });
  const latency = (name: string): Panel => ({
    name,
    lines: [line('p50', ({ p50Ms }) => p50Ms), line('p99', ({ p99Ms }) => p99Ms)],
  });
  const panels: Panel[] =
    series.kind === 'bids'
      ? [
          { name: 'bids in a script call', lines: [line('mean', ({ meanBatch }) => meanBatch)] },
          {
            name: 'CPU time of an accepted bid, µs',
            lines: [each('gateway', bids), each('redis', bids), each('nats', bids)],
          },
          latency('from the time a bid is due to its answer, ms'),
        ]
      : [
          { name: 'messages a second to all viewers', lines: [line('all', messages)] },
          { name: 'CPU time of a message, µs', lines: [each('broadcaster', messages)] },
          latency("from a bid's answer to a viewer, ms"),
        ];
  return {
    title: series.title,
    xName: series.grows,
    steps: points.map(({ x }) => x),
    limited: points.map(({ machineIsLimit }) => machineIsLimit),
    panels,
  };
}
