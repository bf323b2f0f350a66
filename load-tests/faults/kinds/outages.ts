/** What the archive needs is away, slow or full. */
import type { Fault, FaultStage } from '../fault.ts';
import type { PartName } from '../../system/whole-system.ts';
import { withSecondWorkerOnly } from './second-worker.ts';

/** Long enough for a batch to take seconds, as it makes many round trips. */
const SLOW_BY_MS = 100;

async function takeAway({ system }: FaultStage, parts: readonly PartName[]) {
  await Promise.all(parts.map((part) => system.part(part).stop()));
  return {
    heal: async () => {
      await Promise.all(parts.map((part) => system.startPart(part)));
    },
  };
}

const natsAway: Fault = {
  name: 'nats-away',
  breaks: 'NATS is down',
  heals: 'it comes back; the keeper publishes what was missed',
  lasts: 'outage',
  begin: (stage) => takeAway(stage, ['nats']),
};

const postgresAway: Fault = {
  name: 'postgres-away',
  breaks: 'Postgres is down',
  heals: 'it comes back; the worker stores what JetStream has kept',
  lasts: 'outage',
  begin: (stage) => takeAway(stage, ['postgres']),
};

const bothAway: Fault = {
  name: 'nats-and-postgres-away',
  breaks: 'NATS and Postgres are down while many bids are accepted',
  heals: 'both come back; the keeper and the worker catch up',
  lasts: 'bids',
  begin: (stage) => takeAway(stage, ['nats', 'postgres']),
};

const postgresSlow: Fault = {
  name: 'postgres-slow',
  breaks: `Postgres is ${SLOW_BY_MS} ms away, in each direction`,
  heals: 'it is near again',
  lasts: 'outage',
  async begin({ system, links: { workerToPostgres } }) {
    const backToFirst = await withSecondWorkerOnly(system);
    workerToPostgres.delay(SLOW_BY_MS);
    return {
      heal: async () => workerToPostgres.delay(0),
      check: async () => {
        await backToFirst();
        return [];
      },
    };
  },
};

const diskFull: Fault = {
  name: 'disk-full',
  breaks: 'Postgres has no room for events (SQLSTATE 53100)',
  heals: 'there is room again',
  lasts: 'seconds',
  async begin({ system }) {
    const retries = () => system.metric('archival-worker', 'outcry_archive_retries_total');
    const before = await retries();
    await system.onPostgres(async (sql) => {
      await sql`
        CREATE FUNCTION have_no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'No space left on device';
        END $$`;
      await sql`
        CREATE TRIGGER no_room BEFORE INSERT ON events
          FOR EACH STATEMENT EXECUTE FUNCTION have_no_room()`;
    });
    return {
      heal: () =>
        system.onPostgres(async (sql) => {
          await sql`DROP TRIGGER no_room ON events`;
          await sql`DROP FUNCTION have_no_room()`;
        }),
      check: async () => ((await retries()) > before ? [] : ['nothing had to be tried again']),
    };
  },
};

export const OUTAGES: readonly Fault[] = [natsAway, postgresAway, postgresSlow, diskFull, bothAway];
