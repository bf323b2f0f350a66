/** Postgres is lost and restored from an older backup, as docs/operate.md says, under load. */
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { findProgram, postgresFolders } from '@outcry/local/programs/find-program.ts';
import { createDatabase, dropDatabase } from '@outcry/local/servers/databases.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { LONG_TEST_MS } from '@outcry/shared/testing/sizes.ts';
import { ALL_ARCHIVED, compareAccounts } from '../accounts/accounts.ts';
import { startBidders, type Bidders } from '../crowd/bidders.ts';
import { openBed, startWholeSystem, TWO_OF_EACH } from '../system/system.ts';
import type { TestBed, WholeSystem } from '../system/system.ts';

const PROGRAM_WITHIN_MS = 60_000;

let bed: TestBed;
let system: WholeSystem;
let bidders: Bidders;

const dump = await findProgram(['pg_dump'], await postgresFolders());
if (dump === undefined) console.warn('Restoring Postgres: NOT RUN, there is no pg_dump here');

beforeAll(async () => {
  bed = await openBed('restore-postgres');
  system = await startWholeSystem(bed, { counts: TWO_OF_EACH });
  const { gatewayUrls } = system;
  const crowd = { bidders: 8, auctions: 4, atOnce: 'each' } as const;
  bidders = await startBidders({ gatewayUrls, name: 'restore', ...crowd });
});
afterAll(async () => {
  await bidders?.stop();
  await bed?.close();
});

test.skipIf(dump === undefined)(
  'what was archived after the backup comes again from JetStream, while bids go on',
  async () => {
    const workers = system.all('archival-worker');
    const { url: databaseUrl } = system.postgres;
    const backup = join(bed.folder, 'outcry.dump');
    const onEach = { onEach: bidders.auctionIds };
    await bidders.untilAccepted(10, 30_000, onEach);
    await run('pg_dump', ['--format', 'custom', '--file', backup, databaseUrl]);
    await bidders.untilAccepted(10, 30_000, onEach);
    // These are archived, and Redis was told so: only JetStream has them when Postgres is gone.
    const archived = bidders.ledger.accepted.length;
    await waitUntil(async () => (await bidsInPostgres()) >= archived, {
      withinMs: 30_000,
      everyMs: 100,
      what: 'an archive with every bid so far',
    });

    await Promise.all(workers.map((worker) => worker.stop()));
    await replaceDatabase(databaseUrl);
    await run('pg_restore', ['--dbname', databaseUrl, backup]);
    expect(await bidsInPostgres()).toBeLessThan(archived);
    await system.onStreams(({ consumers }) => consumers.delete(EVENT_STREAM, ARCHIVE_CONSUMER));
    await Promise.all(workers.map((worker) => bed.start(worker)));

    await bidders.untilAccepted(5, 30_000, onEach);
    const told = await bidders.stop();
    expect(bidders.failures()).toEqual([]);
    const found = await compareAccounts(system, bidders.auctionIds, told);
    expect(found).toMatchObject(ALL_ARCHIVED);
    expect(await system.verify()).toEqual([]);
  },
  LONG_TEST_MS,
);

async function bidsInPostgres(): Promise<number> {
  return system.onPostgres(async (sql) => {
    const [row] = await sql<{ bids: number }[]>`SELECT count(bid_id)::int AS bids FROM events`;
    return row?.bids ?? 0;
  });
}

/** @throws Error with its output when it fails */
async function run(program: 'pg_dump' | 'pg_restore', args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(join(dirname(dump ?? ''), program), args, {
    withinMs: PROGRAM_WITHIN_MS,
  });
  if (code !== 0) throw new Error(`${program} failed:\n${output}`);
}

/** An empty database in the place of the one that is lost. */
async function replaceDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await dropDatabase({ url }, name);
  await createDatabase({ url }, name);
}
