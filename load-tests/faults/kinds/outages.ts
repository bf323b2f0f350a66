/** What the archive needs is away, slow or full. */
import type { Broken, Fault, FaultStage } from '../fault.ts';
import type { PartName } from '../../system/whole-system.ts';

/** Long enough for a batch to take seconds, as it makes many round trips. */
const SLOW_BY_MS = 100;

const away = (
  parts: readonly PartName[],
  fault: Pick<Fault, 'name' | 'breaks' | 'heals' | 'lasts'>,
): Fault => ({
  ...fault,
  async begin({ system }) {
    await Promise.all(parts.map((part) => system.part(part).stop()));
    const heal = async (): Promise<void> => {
      await Promise.all(parts.map((part) => system.startPart(part)));
    };
    return { heal };
  },
});

/**
 * Has the second worker, which reaches its servers through links, do all the work.
 * @returns what gives it back to the first one
 */
export async function withSecondWorkerOnly({ system }: FaultStage): Promise<() => Promise<void>> {
  await system.startPart('archival-worker-2');
  await system.part('archival-worker').stop();
  return async () => {
    await system.startPart('archival-worker');
    await system.part('archival-worker-2').stop();
  };
}

async function beSlow(stage: FaultStage): Promise<Broken> {
  const { workerToPostgres } = stage.links;
  const backToFirst = await withSecondWorkerOnly(stage);
  workerToPostgres.delay(SLOW_BY_MS);
  return {
    heal: async () => workerToPostgres.delay(0),
    async check() {
      await backToFirst();
      return [];
    },
  };
}

async function fillDisk({ system }: FaultStage): Promise<Broken> {
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
}

export const OUTAGES: readonly Fault[] = [
  away(['nats'], {
    name: 'nats-away',
    breaks: 'NATS is down',
    heals: 'it comes back; the keeper publishes what was missed',
    lasts: 'outage',
  }),
  away(['postgres'], {
    name: 'postgres-away',
    breaks: 'Postgres is down',
    heals: 'it comes back; the worker stores what JetStream has kept',
    lasts: 'outage',
  }),
  {
    name: 'postgres-slow',
    breaks: `Postgres is ${SLOW_BY_MS} ms away, in each direction`,
    heals: 'it is near again',
    lasts: 'outage',
    begin: beSlow,
  },
  {
    name: 'disk-full',
    breaks: 'Postgres has no room for events (SQLSTATE 53100)',
    heals: 'there is room again',
    lasts: 'seconds',
    begin: fillDisk,
  },
  away(['nats', 'postgres'], {
    name: 'nats-and-postgres-away',
    breaks: 'NATS and Postgres are down while many bids are accepted',
    heals: 'both come back; the keeper and the worker catch up',
    lasts: 'bids',
  }),
];
