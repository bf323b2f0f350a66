import { setTimeout as pause } from 'node:timers/promises';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { acceptedBids } from '../accepted-bids.ts';
import type { ArchiveStage } from '../archive-stage.ts';
import { bidderTokens, bidsPath, openAuctions } from '../bidding-crowd.ts';
import { generatorAt } from '../load/own-generator.ts';
import type { Measurement } from '../measurement.ts';

const BIDS_PER_SECOND = 5_000;
const AUCTIONS = 5;
const ARCHIVED_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 100;

/**
 * The whole way of a bid at a fixed rate: gateway, Redis, NATS, worker and Postgres. Its latency is
 * not that of the answer: it is the time from the bid's acceptance (Redis's clock) to the commit of
 * its row (Postgres's), which are one clock here.
 */
export const archiveLatency: Measurement = {
  name: 'archive-latency',
  title:
    `accepted bids at ${BIDS_PER_SECOND.toLocaleString('en')} a second on ${AUCTIONS} auctions; ` +
    'p50 and p99 from acceptance to the commit in Postgres',
  unit: 'accepted bids',
  otherUnit: 'refused as too low',
  async prepare(stage, signal) {
    const gateway = await stage.gateway();
    const archive = await stage.archiveOfGateway();
    await archive.worker.start();
    const tokens = await bidderTokens(gateway.url, signal);
    const ids = await openAuctions(gateway.url, AUCTIONS, { startPrice: 1 }, signal);
    const bids = { paths: ids.map(bidsPath), tokens, keyPrefix: 'archive-latency-' };
    const processes = { ...gateway.processes, worker: archive.worker };
    const load = acceptedBids({ ...gateway, processes }, bids);
    const client = new OutcryClient({ gatewayUrl: gateway.url });
    return async (options) => {
      const figures = await load({ ...options, generator: generatorAt(BIDS_PER_SECOND) });
      for (const id of ids) await isArchived(archive, await client.auction(id), options.signal);
      return { ...figures, ...(await latencies(archive, ids, options.seconds)) };
    };
  },
};

/** Waits until all of an auction is in Postgres. @throws Error when it is not in time */
async function isArchived(
  { sql }: ArchiveStage,
  { id, seq }: { readonly id: string; readonly seq: number },
  signal: AbortSignal,
): Promise<void> {
  const limit = performance.now() + ARCHIVED_WITHIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const [row] = await sql<{ seq: string }[]>`
      SELECT archived_seq AS seq FROM auctions WHERE id = ${id}`;
    const archived = Number(row?.seq ?? 0);
    if (archived === seq) return;
    if (performance.now() > limit) throw new Error(`only ${archived} of ${seq} events arrived`);
    await pause(ASK_EVERY_MS);
  }
}

/** Of the bids of the last round. */
async function latencies(
  { sql }: ArchiveStage,
  ids: readonly string[],
  seconds: number,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const [row] = await sql<{ p50: number; p99: number }[]>`
    WITH waited AS (
      SELECT at, 1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - at)::float8 AS ms
        FROM events
       WHERE auction_id = ANY (${ids}) AND type = 'bid'
    )
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
      FROM waited
     WHERE at > (SELECT max(at) FROM waited) - make_interval(secs => ${seconds})`;
  if (row === undefined) throw new Error('no bid was archived');
  return { p50Ms: row.p50, p99Ms: row.p99 };
}
