/** Postgres is lost and restored from an older backup, as docs/operations.md says, under load. */
import { dirname, join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { findProgram, postgresFolders } from '@outcry/local/programs/find-program.ts';
import { createDatabase, dropDatabase } from '@outcry/local/servers/databases.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { LONG_TEST_MS } from '@outcry/shared/testing/sizes.ts';
import { mustRun, ROOT } from '../testing/secured-servers.ts';
import { ALL_ARCHIVED, compareWithArchive } from './archived-bids.ts';
import { startAvailableSystem, type AvailableSystem } from './available-system.ts';
import { SteadyBidders } from './steady-bidders.ts';

const VERIFY = join(ROOT, 'archival-worker', 'dist', 'run-verify.js');

let system: AvailableSystem;
let bidders: SteadyBidders;

const dump = await findProgram(['pg_dump'], await postgresFolders());
if (dump === undefined) console.warn('Restoring Postgres: NOT RUN, there is no pg_dump here');

beforeAll(async () => {
  system = await startAvailableSystem({});
  const urls = system.gateways.map(({ url }) => url);
  bidders = await SteadyBidders.start(urls, { bidders: 8, auctions: 4 });
});
afterAll(async () => {
  await bidders?.stop();
  await system?.stop();
});

test.skipIf(dump === undefined)(
  'what was archived after the backup comes again from JetStream, while bids go on',
  async () => {
    const { environment, workers } = system;
    const databaseUrl = environment['DATABASE_URL'] ?? '';
    const backup = join(system.folder, 'outcry.dump');
    await bidders.untilMoreOn(bidders.auctionIds, 10, 30_000);
    await run('pg_dump', ['--format', 'custom', '--file', backup, databaseUrl]);
    await bidders.untilMoreOn(bidders.auctionIds, 10, 30_000);
    // These are archived, and Redis was told so: only JetStream has them when Postgres is gone.
    const archived = bidders.accepted.length;
    await waitUntil(async () => (await bidsInPostgres()) >= archived, {
      withinMs: 30_000,
      everyMs: 100,
      what: 'an archive with every bid so far',
    });

    await Promise.all(workers.map((worker) => worker.stop()));
    await replaceDatabase(databaseUrl);
    await run('pg_restore', ['--dbname', databaseUrl, backup]);
    expect(await bidsInPostgres()).toBeLessThan(archived);
    await deleteConsumer(environment['NATS_URL'] ?? '');
    await Promise.all(workers.map((worker) => system.startAgain(worker)));

    await bidders.untilMoreOn(bidders.auctionIds, 5, 30_000);
    await bidders.stop();
    expect(bidders.failures).toEqual([]);
    expect(await compareWithArchive(system, bidders)).toEqual(ALL_ARCHIVED);
    expect(await run(process.execPath, [VERIFY])).toContain('Everything agrees.');
  },
  LONG_TEST_MS,
);

async function bidsInPostgres(): Promise<number> {
  const [row] = await system.sql<{ bids: number }[]>`
    SELECT count(bid_id)::int AS bids FROM events`;
  return row?.bids ?? 0;
}

/** @throws Error with its output when it fails */
function run(program: string, args: readonly string[]): Promise<string> {
  const file = program.startsWith('pg_') ? join(dirname(dump ?? ''), program) : program;
  return mustRun(file, args, { env: { PATH: process.env['PATH'], ...system.environment } });
}

/** An empty database in the place of the one that is lost. */
async function replaceDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await dropDatabase({ url }, name);
  await createDatabase({ url }, name);
}

async function deleteConsumer(natsUrl: string): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { consumers } = await jetstreamManager(connection);
    await consumers.delete(EVENT_STREAM, ARCHIVE_CONSUMER);
  } finally {
    await connection.close();
  }
}
