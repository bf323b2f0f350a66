/**
 * All faults: each part is killed, also at the worst instants; JetStream loses what it had
 * acknowledged, or carries what can never be stored; what the archive needs is away, slow or full.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { figure, totals } from '@outcry/shared/testing/metrics.ts';
import { auctionKeysOf, readArchivedHeads } from '../accounts/accounts.ts';
import { sum } from '../system/machine.ts';
import { SHARDS, type PartName } from '../system/system.ts';
import type { Fault, FaultStage } from './fault-system.ts';

const soon = (what: string) => ({ withinMs: 60_000, what });

const killed = (name: string, part: PartName, what: Pick<Fault, 'heals' | 'mayRefuse'>): Fault => ({
  name,
  breaks: `kill -9 of ${part}`,
  ...what,
  lasts: 'seconds',
  healsItself: true,
  async begin({ system }) {
    await system.part(part).kill();
    return { heal: () => system.untilPartIsBack(part) };
  },
});

/** Bids that the gateway has answered and cannot publish before it dies. */
const UNPUBLISHED_BIDS = 20;
const LATE_BY_MS = 50;

const beforeAck: Fault = {
  name: 'worker-killed-before-ack',
  breaks: 'kill -9 of the worker between its commit and its acknowledgement',
  heals: 'what was committed is delivered again and meets the primary key',
  lasts: 'seconds',
  async begin(stage) {
    const { system, links, bidders } = stage;
    const archivedEvents = async (): Promise<number> => {
      const heads = await system.onPostgres((sql) => readArchivedHeads(sql, bidders.auctionIds));
      return sum([...heads.values()].map(({ seq }) => seq));
    };
    const backToFirst = await withSecondWorkerOnly(stage);
    // From here on it hears from JetStream and commits, and no acknowledgement gets through.
    links.workerToNats.hold();
    const before = await archivedEvents();
    const commit = soon('a commit without an acknowledgement');
    await waitUntil(async () => (await archivedEvents()) > before, commit);
    const { num_ack_pending: unacknowledged } = await system.onStreams(({ consumers }) =>
      consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER),
    );
    await system.part('archival-worker-2').kill();
    links.workerToNats.release();
    return {
      heal: backToFirst,
      check: async () => (unacknowledged > 0 ? [] : ['everything was acknowledged']),
    };
  },
};

const beforePublish: Fault = {
  name: 'gateway-killed-before-publish',
  breaks: 'kill -9 of a gateway between its answers and their publication',
  heals: "the other gateway's keeper finds the entries in the log",
  lasts: 'seconds',
  healsItself: true,
  async begin({ system, links: { gatewayToNats } }) {
    const part: PartName = 'api-gateway-2';
    const answered = () => figure(system.url(part), 'outcry_commands_total', { result: 'OK' });
    // What it publishes from here on never arrives.
    gatewayToNats.hold();
    const enough = (await answered()) + UNPUBLISHED_BIDS;
    const unpublished = soon('accepted bids that are not published');
    await waitUntil(async () => (await answered()) >= enough, unpublished);
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
      figure(system.url(part), 'outcry_archive_events_total', { result: 'new' });
    await system.startPart('archival-worker-2');
    workerToPostgres.delay(LATE_BY_MS);
    const before = await stored('archival-worker');
    const bothStore = async (): Promise<boolean> =>
      (await stored('archival-worker')) > before && (await stored('archival-worker-2')) > 0;
    await waitUntil(bothStore, soon('commits of both workers'));
    const heal = (): Promise<void> => {
      workerToPostgres.delay(0);
      return system.part('archival-worker-2').stop();
    };
    return { heal };
  },
};

/** Bids that are in JetStream and nowhere behind it when they are lost. */
const AT_STAKE = 300;
const DELETED_MESSAGES = 50;

const losing = (
  name: string,
  breaks: string,
  lose: (system: FaultStage['system']) => Promise<unknown>,
): Fault => ({
  name,
  breaks,
  heals: 'the keeper proves from the log what is gone and publishes it again',
  lasts: 'seconds',
  async begin({ system, bidders, signal }) {
    const metric = ['outcry_keeper_repaired_entries_total'] as const;
    const repaired = async () => (await totals(system.gatewayUrls, { metric })).metric;
    const before = await repaired();
    await system.part('archival-worker').stop();
    await bidders.untilAccepted(AT_STAKE, 60_000, { signal });
    await lose(system);
    return {
      heal: () => system.startPart('archival-worker'),
      check: async () => ((await repaired()) > before ? [] : ['nothing had to be repaired']),
    };
  },
});

const poison: Fault = {
  name: 'poison-messages',
  breaks: 'two messages that can never be stored, among 10,000 bids',
  heals: 'they are kept as dead letters and block their auction; everything else goes on',
  lasts: 'bids',
  enoughBids: 10_000,
  deadLetters: 2,
  async begin({ system, bidders }) {
    const [auctionId = ''] = bidders.hotAuctionIds;
    const subject = eventSubject(shardOfId(auctionId, SHARDS) ?? 0, auctionId);
    const connection = await connect({ servers: system.url('nats') });
    connection.publish(subject, 'not an event');
    connection.publish(subject, `{"v":1,"auctionId":"${auctionId}","public":{}}`);
    await connection.drain();
    const { auction } = auctionKeysOf(auctionId);
    const isBlocked = async () => (await system.redis.hexists(auction, 'blocked')) === 1;
    return { heal: () => waitUntil(isBlocked, soon('the mark on their auction')) };
  },
};

/** Long enough for a batch to take seconds, as it makes many round trips. */
const SLOW_BY_MS = 100;

const away = (
  parts: readonly PartName[],
  fault: Pick<Fault, 'name' | 'breaks' | 'heals' | 'lasts'>,
): Fault => ({
  ...fault,
  async begin({ system }) {
    await Promise.all(parts.map((part) => system.part(part).stop()));
    return { heal: () => Promise.all(parts.map((part) => system.startPart(part))) };
  },
});

/**
 * Has the second worker, which reaches its servers through links, do all the work.
 * @returns what gives it back to the first one
 */
async function withSecondWorkerOnly({ system }: FaultStage): Promise<() => Promise<void>> {
  await system.startPart('archival-worker-2');
  await system.part('archival-worker').stop();
  return async () => {
    await system.startPart('archival-worker');
    await system.part('archival-worker-2').stop();
  };
}

const slow: Fault = {
  name: 'postgres-slow',
  breaks: `Postgres is ${SLOW_BY_MS} ms away, in each direction`,
  heals: 'it is near again',
  lasts: 'outage',
  async begin(stage) {
    const backToFirst = await withSecondWorkerOnly(stage);
    stage.links.workerToPostgres.delay(SLOW_BY_MS);
    return {
      heal: async () => stage.links.workerToPostgres.delay(0),
      check: () => backToFirst().then(() => []),
    };
  },
};

const diskFull: Fault = {
  name: 'disk-full',
  breaks: 'Postgres has no room for events (SQLSTATE 53100)',
  heals: 'there is room again',
  lasts: 'seconds',
  async begin({ system }) {
    const retries = () => figure(system.url('archival-worker'), 'outcry_archive_retries_total');
    const before = await retries();
    await system.onPostgres((sql) =>
      sql`
        CREATE FUNCTION have_no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'No space left on device';
        END $$;
        CREATE TRIGGER no_room BEFORE INSERT ON events
          FOR EACH STATEMENT EXECUTE FUNCTION have_no_room()`.simple(),
    );
    return {
      heal: () => system.onPostgres((sql) => sql`DROP FUNCTION have_no_room CASCADE`),
      check: async () => ((await retries()) > before ? [] : ['nothing had to be tried again']),
    };
  },
};

/** In the order in which they are injected when all are asked for. */
export const ALL_FAULTS: readonly Fault[] = [
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
  beforeAck,
  beforePublish,
  outOfOrder,
  losing('stream-deleted', 'the JetStream stream is deleted while it is written', (system) =>
    system.onStreams(({ streams }) => streams.delete(EVENT_STREAM)),
  ),
  losing('messages-deleted', 'single messages are deleted from the stream', (system) =>
    // Every second one of those that the worker lacks, from the newest on.
    system.onStreams(async ({ streams }) => {
      const { state } = await streams.info(EVENT_STREAM);
      for (let i = 0; i < DELETED_MESSAGES; i += 1) {
        await streams.deleteMessage(EVENT_STREAM, state.last_seq - 2 * i);
      }
    }),
  ),
  losing('store-wiped', "JetStream's files are gone when NATS starts again", async (system) => {
    await system.part('nats').stop();
    await rm(join(system.bed.data('nats'), 'jetstream'), { recursive: true });
    await system.startPart('nats');
  }),
  poison,
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
  slow,
  diskFull,
  away(['nats', 'postgres'], {
    name: 'nats-and-postgres-away',
    breaks: 'NATS and Postgres are down while many bids are accepted',
    heals: 'both come back; the keeper and the worker catch up',
    lasts: 'bids',
  }),
];
