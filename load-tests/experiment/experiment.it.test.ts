/** Short forms of two experiments with the real k6, and a planted loss that must be found. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { experimentOptions } from './experiment-options.ts';
import { openSystem, type ExperimentSystem } from './experiment-system.ts';
import { findK6, HOW_TO_GET_K6 } from './find-k6.ts';
import { htmlReport } from './report/html-report.ts';
import { runExperiment, type ExperimentResult } from './run-experiment.ts';

const k6 = await findK6();
if (k6 === undefined) console.warn(`experiments are NOT tested here: ${HOW_TO_GET_K6}`);

const { signal } = new AbortController();
const say = (): void => undefined;
let system: ExperimentSystem;
let folder: string;

async function experiment(
  args: string,
  beforeReconciling?: (auctionIds: readonly string[]) => Promise<void>,
): Promise<ExperimentResult> {
  const options = experimentOptions(args.split(' '));
  if (options === undefined || k6 === undefined) throw new Error('nothing to run');
  const tools = { system, k6, folder: join(folder, options.name), say, signal };
  return runExperiment(options, {
    ...tools,
    ...(beforeReconciling === undefined ? {} : { beforeReconciling }),
  });
}

/** As if the archive had lost one accepted bid. */
async function deleteOneBid(auctionIds: readonly string[]): Promise<void> {
  const sql = connect(system.url('postgres'), { max: 1, connect_timeout: 5 });
  try {
    const deleted = await sql`
      DELETE FROM events WHERE (auction_id, seq) IN (
        SELECT auction_id, seq FROM events
         WHERE auction_id = ANY (${[...auctionIds]}) AND type = 'bid' LIMIT 1)`;
    expect(deleted.count).toBe(1);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

describe.skipIf(k6 === undefined)('experiments with k6', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outcry-experiment-'));
    system = await openSystem({ own: true, build: false, say, signal });
  });
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  // Limits of latency are for a quiet machine: here only what must hold everywhere is expected.
  test('contention: 2xx answers, events in Redis and rows in Postgres agree', async () => {
    const result = await experiment('contention --rate 50 --vus 50 --warm-up 1s --duration 3s');
    const { answered, inRedis, inPostgres, unknown, faults } = result.reconciliation;
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect([inRedis, inPostgres, unknown]).toEqual([answered, answered, 0]);
    expect(result.samples.length).toBeGreaterThan(1);
    const page = htmlReport(result);
    expect(page).not.toMatch(/undefined|NaN|<script|(?:src|href)=/);
    expect(page.match(/<svg/g)).toHaveLength(7);
  }, 60_000);

  test('fanout: every viewer has every event, in order', async () => {
    const result = await experiment(
      'fanout --rate 10 --vus 10 --viewers 20 --warm-up 1s --duration 3s',
    );
    expect(result.reconciliation.faults).toEqual([]);
    expect(result.figures.viewers.count).toBeGreaterThanOrEqual(20 * 15);
    expect(result.streams).toMatchObject({ disorder: 0, missed: 0, lost: 0 });
    const log = await readFile(join(folder, 'fanout', 'k6.log'), 'utf8');
    expect(log).toMatch(/✓ 'count==0'[^]*viewer_skipped|viewer_skipped[^]*✓ 'count==0'/);
  }, 60_000);

  test('a lost bid is found', async () => {
    const args = 'spread --auctions 5 --rate 20 --vus 20 --warm-up 1s --duration 1s';
    const { reconciliation } = await experiment(args, deleteOneBid);
    expect(reconciliation.faults).toEqual([
      expect.stringMatching(/ events in Redis, \d+ rows in Postgres; the first that is missing/),
      expect.stringMatching(/1 bids were answered 2xx and are no rows/),
    ]);
  }, 60_000);
});
