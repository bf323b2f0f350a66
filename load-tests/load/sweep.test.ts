import { expect, test } from 'vitest';
import { loadOptions } from './plans.ts';
import { plotSvg } from './report.ts';
import type { LoadResult } from './run-load.ts';
import { pointOf, stepOf, sweepPlots } from './sweep.ts';

const [sweep] = loadOptions(['contention', '--sweep']).sweeps;
if (sweep === undefined) throw new Error('there is no sweep');
const options = stepOf(loadOptions(['contention', '--sweep']), sweep, 1_000);

const latencies = { count: 5_000, p50: 2, p95: 5, p99: 9, max: 12 };
const result = (cores: Record<string, number>, faults: string[] = []): LoadResult => ({
  options,
  startedAt: '',
  machine: { cpus: 2, text: '' },
  figures: {
    beganAt: 0,
    accepted: latencies,
    refused: latencies,
    answers: {},
    dropped: 0,
  },
  samples: [2_000, 3_000].map((at) => ({
    at,
    unpublished: 0,
    unarchived: 0,
    meanBatch: 3,
    messagesPerSecond: null,
    cores,
    memoryMib: {},
  })),
  kills: [],
  viewers: null,
  reconciliation: { answered: 1, inRedis: 1, inPostgres: 1, unknown: 0, faults },
  limitsKept: false,
});

test('a step changes what grows and has bidders enough', () => {
  expect(options).toMatchObject({ rate: 1_000, vus: 500, gateways: 1, seconds: 5 });
});

test('what a bid costs is the CPU time of each part over the accepted bids', () => {
  expect(pointOf(1_000, result({ 'api-gateway': 0.1, redis: 0.05 }))).toMatchObject({
    perSecond: 1_000,
    microseconds: { 'api-gateway': 100, redis: 50, nats: 0 },
    meanBatch: 3,
    p99Ms: 9,
    isLimited: false,
    good: true,
  });
});

test('a point is the limit of the machine when its cores are busy, also with the load', () => {
  expect(pointOf(1, result({ 'api-gateway': 1, redis: 0.9 })).isLimited).toBe(true);
  expect(pointOf(1, result({ 'api-gateway': 0.9, k6: 1 })).isLimited).toBe(true);
});

test('a step that lost a bid is not good', () => {
  expect(pointOf(1, result({}, ['a bid is not there'])).good).toBe(false);
});

test('such points are hollow, and the plot says what that means', () => {
  const points = [
    { ...pointOf(100, result({ redis: 0.1 })) },
    { ...pointOf(8_000, result({ redis: 2 })) },
  ];
  const titles = (all: typeof points) =>
    Object.values(sweepPlots(sweep, all)).map((plot) => plotSvg(plot));
  for (const svg of titles(points)) {
    expect(svg).toContain('hollow: the machine');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(titles(points.slice(0, 1)).join('')).not.toContain('hollow');
});
