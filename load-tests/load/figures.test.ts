import { expect, test } from 'vitest';
import { latencies } from '@outcry/shared/testing/percentile.ts';
import { latenciesBetween, readFigures } from './run-load.ts';

const HEADER = 'metric_name,timestamp,metric_value,scenario,extra_tags,metadata';

async function* pointsOf(...lines: string[]) {
  yield HEADER;
  yield* lines;
}

test('answers are counted apart, and the warm-up is reconciled but not measured', async () => {
  const { figures, decided, ...reading } = await readFigures(
    pointsOf(
      'bid_ms,1000,500,warm_up,answer=accepted,',
      'bid_seq,1000,2,warm_up,auction=0,',
      'bid_ms,10010,10,main,answer=accepted,',
      'bid_seq,10010,3,main,auction=0,',
      'bid_ms,11030,20,main,answer=BID_TOO_LOW,',
      'bid_ms,12000,1000,main,answer=UNAVAILABLE,',
      'bid_failed,12000,1,main,answer=UNAVAILABLE,',
      'dropped_iterations,13000,2,main,,',
      'http_reqs,13000,1,main,,',
    ),
  );
  expect(reading).toEqual({
    acceptedBids: [
      { auction: 0, seq: 2 },
      { auction: 0, seq: 3 },
    ],
    unknown: 1,
  });
  expect(figures.answers).toEqual({ accepted: 1, BID_TOO_LOW: 1, UNAVAILABLE: 1 });
  expect(figures.accepted).toEqual({ count: 1, p50: 10, p95: 10, p99: 10, max: 10 });
  expect(figures.refused).toMatchObject({ count: 1, max: 20 });
  expect(figures.dropped).toBe(2);
  // The late answer belongs to the time in which its bid was sent.
  expect(figures.beganAt).toBe(10_000);
  expect(latenciesBetween(decided, 11_000, 11_020).max).toBe(20);
});

test('a run without a measured bid has no figures', async () => {
  await expect(readFigures(pointsOf('bid_ms,1,1,warm_up,answer=accepted,'))).rejects.toThrow(
    'no bid was measured',
  );
});

async function* otherColumns() {
  yield 'metric_name,timestamp';
}

test('other columns than the expected ones are refused', async () => {
  await expect(readFigures(otherColumns())).rejects.toThrow('no column metric_value');
});

test('percentiles are values that occurred', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(latencies(values)).toEqual({ count: 200, p50: 100, p95: 190, p99: 198, max: 200 });
  expect(latencies([])).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, max: 0 });
});
