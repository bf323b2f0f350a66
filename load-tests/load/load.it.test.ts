/** Short forms of some loads with the real k6, and a planted loss that must be found. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBed, startWholeSystem, type TestBed, type WholeSystem } from '../system/system.ts';
import { findK6 } from './k6.ts';
import { loadOptions } from './plans.ts';
import { writeReport } from './report.ts';
import { runLoad, type LoadResult } from './run-load.ts';
import { pointOf, stepOf } from './sweep.ts';

const hasK6 = await findK6().then(
  () => true,
  ({ message }: Error) => {
    console.warn(`loads are NOT tested here: ${message}`);
    return false;
  },
);

const { signal } = new AbortController();
let bed: TestBed;
let system: WholeSystem;
let folder: string;

async function load(
  args: string,
  beforeReconciling?: (auctionIds: readonly string[]) => Promise<void>,
): Promise<LoadResult> {
  const options = loadOptions(args.split(' '));
  const tools = { system, folder: join(folder, options.name), signal };
  return runLoad(options, {
    ...tools,
    ...(beforeReconciling === undefined ? {} : { beforeReconciling }),
  });
}

/** As if the archive had lost one accepted bid. */
async function deleteOneBid(auctionIds: readonly string[]): Promise<void> {
  const { count } = await system.onPostgres(
    (sql) => sql`
      DELETE FROM events WHERE (auction_id, seq) IN (
        SELECT auction_id, seq FROM events
         WHERE auction_id = ANY (${[...auctionIds]}) AND type = 'bid' LIMIT 1)`,
  );
  expect(count).toBe(1);
}

describe.skipIf(!hasK6)('loads with k6', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outcry-load-'));
    bed = await openBed('load');
    system = await startWholeSystem(bed);
  });
  afterAll(async () => {
    await bed.close();
    await rm(folder, { recursive: true, force: true });
  });

  // Limits of latency are for a quiet machine: here only what must hold everywhere is expected.
  test('contention: 2xx answers, events in Redis and rows in Postgres agree', async () => {
    const result = await load('contention --rate 50 --vus 50 --warm-up 1s --duration 3s');
    const { answered, inRedis, inPostgres, unknown, faults } = result.reconciliation;
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect([inRedis, inPostgres, unknown]).toEqual([answered, answered, 0]);
    expect(result.samples.length).toBeGreaterThan(1);
    const page = await readFile(await writeReport(result, join(folder, 'contention')), 'utf8');
    expect(page).toContain('**agree**');
    expect(page).not.toMatch(/undefined|NaN/);
    expect(page.match(/\.svg\)/g)).toHaveLength(4);
    expect(await readFile(join(folder, 'contention', 'cores.svg'), 'utf8')).toContain('redis');
    // k6's own page has the scenario's limits.
    expect(await readFile(join(folder, 'contention', 'k6.html'), 'utf8')).toContain('<html');
  }, 60_000);

  test('fanout: every viewer has every event, in order', async () => {
    const result = await load('fanout --rate 10 --vus 10 --viewers 20 --warm-up 1s --duration 3s');
    expect(result.reconciliation.faults).toEqual([]);
    const { sockets, streams } = result.viewers ?? {};
    expect(sockets?.latencies.count).toBeGreaterThanOrEqual(20 * 15);
    for (const seen of [sockets, streams]) {
      expect(seen).toMatchObject({ disorder: 0, missed: 0, lost: 0 });
    }
  }, 60_000);

  test('a step of a sweep: two gateways share the bids, and each bid has its cost', async () => {
    const options = loadOptions('contention --sweep --warm-up 1s --duration 4s'.split(' '));
    const sweep = { grows: 'gateways', steps: [2], rate: 50 } as const;
    await system.run('api-gateway', 2);
    const tools = { system, folder: join(folder, 'sweep'), signal };
    const point = pointOf(2, await runLoad(stepOf(options, sweep, 2), tools));
    await system.run('api-gateway', 1);
    expect(point).toMatchObject({ x: 2, good: true });
    expect(point.perSecond).toBeGreaterThan(25);
    expect(point.microseconds['api-gateway']).toBeGreaterThan(0);
    expect(point.meanBatch).toBeGreaterThanOrEqual(1);
  }, 60_000);

  test('a lost bid is found', async () => {
    const args = 'spread --auctions 5 --rate 20 --vus 20 --warm-up 1s --duration 1s';
    const { reconciliation } = await load(args, deleteOneBid);
    expect(reconciliation.faults).toEqual([
      expect.stringMatching(/ seq \d+ is not in Postgres/),
      expect.stringMatching(/ seq \d+: accepted bid {2}is not there/),
    ]);
  }, 60_000);
});
