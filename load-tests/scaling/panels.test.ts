import { expect, test } from 'vitest';
import { panelPlot } from './panels.ts';
import { plotOf } from './panels-of.ts';
import { pointAt, type PointFigures } from './point-figures.ts';
import { SERIES } from './series.ts';

const figures = (cores: Record<string, number>): PointFigures => ({
  bidsPerSecond: 1_000,
  refusedShare: 0,
  p50Ms: 2,
  p99Ms: 9,
  cores,
  busiest: 0.1,
  meanBatch: 3,
});

const limited = (cores: Record<string, number>) => pointAt(1, figures(cores), 2).machineIsLimit;

test('a point is the limit of the machine when its cores, or what makes the load, are busy', () => {
  expect(limited({ gateway: 0.5, generator: 0.4 })).toBe(false);
  expect(limited({ gateway: 1, redis: 0.9 })).toBe(true);
  expect(limited({ gateway: 0.2, generator: 0.95 })).toBe(true);
  expect(limited({ broadcaster: 0.2, crowd: 0.95 })).toBe(true);
});

test('such points are hollow, and the plot says what that means', () => {
  const { load } = SERIES;
  if (load === undefined) throw new Error('there is no series of load');
  const points = [
    pointAt(100, figures({ gateway: 0.1, redis: 0.05 }), 2),
    pointAt(8_000, figures({ gateway: 1, redis: 1 }), 2),
  ];
  const plot = panelPlot(plotOf(load, points));
  // Of one batch, three parts and two latencies.
  expect(plot.match(/<circle class="dot c\d limited"/g)).toHaveLength(6);
  expect(plot).toContain('hollow: the machine');
  expect(panelPlot(plotOf(load, points.slice(0, 1)))).not.toContain('hollow');
  expect(plot).toContain('>8k<');
  expect(plot).not.toMatch(/NaN|undefined|Infinity/);
});
