/** kill -9 of each part, also at the worst instants, and two workers in each other's way. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { readArchivedHeads } from '../../accounts/archived-events.ts';
import type { PartName } from '../../system/whole-system.ts';
import type { Fault, FaultStage } from '../fault.ts';
import { withSecondWorkerOnly } from './outages.ts';

function killed(name: string, part: PartName, what: Pick<Fault, 'heals' | 'mayRefuse'>): Fault {
  return {
    name,
    breaks: `kill -9 of ${part}`,
    ...what,
    lasts: 'seconds',
    healsItself: true,
    async begin({ system }) {
      await system.part(part).kill();
      return { heal: () => system.untilPartIsBack(part) };
    },
  };
}

const KILLS: readonly Fault[] = [
  killed('gateway-killed', 'api-gateway', {
    heals: "bidders retry at the other gateway, whose keeper takes the dead one's leases",
  }),
  killed('worker-killed', 'archival-worker', {
    heals: 'it starts again; what it had not acknowledged is delivered again',
  }),
  killed('broadcaster-killed', 'broadcast-service', {
    heals: 'viewers reconnect and get what they missed',
  }),
  killed('nats-killed', 'nats', {
    heals: 'it starts again; the keeper publishes what was missed',
  }),
  killed('postgres-killed', 'postgres', {
    heals: 'it starts again; the worker tries until it can store',
  }),
  killed('redis-killed', 'redis', {
    heals: 'it starts again with all it had written; each auction goes on in a new epoch',
    mayRefuse: 'no bid can be decided meanwhile, and the answers under way are lost',
  }),
];

const SOON_MS = 20_000;
/** Bids that the gateway has answered and cannot publish before it dies. */
const UNPUBLISHED_BIDS = 20;
const LATE_BY_MS = 50;

const beforeAck: Fault = {
  name: 'worker-killed-before-ack',
  breaks: 'kill -9 of the worker between its commit and its acknowledgement',
  heals: 'what was committed is delivered again and meets the primary key',
  lasts: 'seconds',
  async begin(stage) {
    const { system, links } = stage;
    const { workerToNats } = links;
    const backToFirst = await withSecondWorkerOnly(stage);
    // From here on it hears from JetStream and commits, and no acknowledgement gets through.
    workerToNats.hold();
    const before = await archivedEvents(stage);
    await waitUntil(async () => (await archivedEvents(stage)) > before, {
      withinMs: SOON_MS,
      what: 'a commit without an acknowledgement',
    });
    const unacknowledged = await system.onStreams(async ({ consumers }) => {
      return (await consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER)).num_ack_pending;
    });
    await system.part('archival-worker-2').kill();
    workerToNats.release();
    return {
      heal: backToFirst,
      check: async () => (unacknowledged > 0 ? [] : ['everything was acknowledged']),
    };
  },
};

async function archivedEvents({ system, bidders }: FaultStage): Promise<number> {
  const heads = await system.onPostgres((sql) => readArchivedHeads(sql, bidders.auctionIds));
  return [...heads.values()].reduce((sum, { seq }) => sum + seq, 0);
}

const beforePublish: Fault = {
  name: 'gateway-killed-before-publish',
  breaks: 'kill -9 of a gateway between its answers and their publication',
  heals: "the other gateway's keeper finds the entries in the log",
  lasts: 'seconds',
  healsItself: true,
  async begin({ system, links: { gatewayToNats } }) {
    const part: PartName = 'api-gateway-2';
    const answered = () => system.metric(part, 'outcry_commands_total', { result: 'OK' });
    // What it publishes from here on never arrives.
    gatewayToNats.hold();
    const before = await answered();
    await waitUntil(async () => (await answered()) >= before + UNPUBLISHED_BIDS, {
      withinMs: SOON_MS,
      what: 'accepted bids that are not published',
    });
    await system.part(part).kill();
    gatewayToNats.release();
    return { heal: () => system.untilPartIsBack(part) };
  },
};

const outOfOrder: Fault = {
  name: 'workers-out-of-order',
  breaks: `two workers, of which one is ${LATE_BY_MS} ms away from Postgres in each direction`,
  heals: 'one of them stops',
  lasts: 'seconds',
  async begin({ system, links: { workerToPostgres } }) {
    const stored = (part: PartName) =>
      system.metric(part, 'outcry_archive_events_total', { result: 'new' });
    await system.startPart('archival-worker-2');
    workerToPostgres.delay(LATE_BY_MS);
    const before = await stored('archival-worker');
    const bothStore = async (): Promise<boolean> =>
      (await stored('archival-worker')) > before && (await stored('archival-worker-2')) > 0;
    await waitUntil(bothStore, { withinMs: SOON_MS, what: 'commits of both workers' });
    return {
      heal: async () => {
        workerToPostgres.delay(0);
        await system.part('archival-worker-2').stop();
      },
    };
  },
};

export const DEATHS: readonly Fault[] = [...KILLS, beforeAck, beforePublish, outOfOrder];
