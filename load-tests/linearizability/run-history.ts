/** One run: random auctions, many clients on two gateways, and the history of it all. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { untilReady } from '@outcry/shared/runtime/redis.ts';
import { clientOf } from '../crowd/people.ts';
import { HistoryClient, Recorder, type Sender } from './history-client.ts';
import type { HistoryStage } from './history-stage.ts';
import type { History } from './history.ts';
import { KnownAuctions, type KnownAuction } from './known-auctions.ts';
import { randomAuction } from './known-auctions.ts';
import { RandomSteps } from './random-steps.ts';
import { isOver, readEvents } from './read-events.ts';
import { SeededRandom } from './seeded-random.ts';

const SELLER = 'seller';
const SELLING_CLIENTS = 2;
/** Several clients are one user now and then, as with two open windows. */
const CLIENTS_PER_USER = 1.1;
/** All clients together; the answers must keep up on a small machine. */
const COMMANDS_PER_SECOND = 2_500;
const RUN_LIMIT_MS = 30_000;
/** Sellers ask for at most this much after the latest end that the terms allow or mean. */
const MAX_EXTENSION_MS = 500;

export interface RunOptions {
  /** Part of the file's name. */
  readonly name: string;
  readonly seed: number;
  readonly clients: number;
  readonly auctions: number;
  /** Makes auctions last longer: 1 for one to three seconds. */
  readonly stretch?: number;
  /** Goes on beside the clients until the signal; what it broke must work again at its end. */
  readonly disturb?: (random: SeededRandom, signal: AbortSignal) => Promise<void>;
}

/** Runs until every auction is over, and gives what clients heard and what the logs say. */
export async function runHistory(stage: HistoryStage, options: RunOptions): Promise<History> {
  const { name, seed } = options;
  const random = new SeededRandom(seed);
  const known = new KnownAuctions(await createAuctions(stage, random.fork(), options));
  const recorder = new Recorder();
  const clients = await Promise.all(
    Array.from({ length: options.clients + SELLING_CLIENTS }, async (_, client) => {
      const sender = await senderOf(stage, client, client >= options.clients);
      return { sender, runs: new HistoryClient(sender, recorder, known) };
    }),
  );
  try {
    const calm = new AbortController();
    const disturbance = options.disturb?.(random.fork(), calm.signal);
    const longestPauseMs = (2_000 * options.clients) / COMMANDS_PER_SECOND;
    const until = performance.now() + RUN_LIMIT_MS;
    const isRunOver = (): boolean => known.areAllOver || performance.now() > until;
    try {
      await Promise.all(
        clients.map(({ sender, runs }) => {
          const keys = `${seed}-${sender.client}`;
          const steps = new RandomSteps(random.fork(), keys, sender.userId === SELLER);
          return runs.run(steps, longestPauseMs, isRunOver);
        }),
      );
    } finally {
      calm.abort();
      await disturbance;
    }
    const ids = known.all.map(({ id }) => id);
    await untilAllOver(stage, ids);
    const [reader] = clients;
    for (const id of ids) {
      for (const gateway of stage.gateways.keys()) await reader?.runs.read(id, gateway);
    }
    const logs = await Promise.all(ids.map((id) => readEvents(stage.redis, stage.shards, id)));
    return { name, seed, commands: recorder.commands, events: logs.flat() };
  } finally {
    for (const { runs } of clients) runs.close();
  }
}

async function senderOf(stage: HistoryStage, client: number, sells: boolean): Promise<Sender> {
  const userId = sells ? SELLER : `user-${Math.floor(client / CLIENTS_PER_USER)}`;
  const ports = stage.gateways.map(({ port }) => port);
  return { client, userId, token: await stage.tokenOf(userId), ports };
}

async function createAuctions(
  { gateways }: HistoryStage,
  random: SeededRandom,
  { auctions, stretch = 1 }: RunOptions,
): Promise<KnownAuction[]> {
  const seller = await clientOf(SELLER, ['bidder', 'seller'], {
    gatewayUrl: gateways[0]?.url ?? '',
  });
  const now = Date.now();
  const requests = Array.from({ length: auctions }, () => randomAuction(random, now, stretch));
  const created = requests.map((request) => seller.createAuction(request));
  return (await Promise.all(created)).map(({ id, price, endsAt }, i) => ({
    id,
    startPrice: price,
    minimumBid: price,
    endsAt: Date.parse(endsAt),
    latestEnd: Date.parse(requests[i]?.softClose?.hardEndsAt ?? endsAt) + MAX_EXTENSION_MS,
    isOver: false,
  }));
}

/** After this no command that is still on its way can change anything. */
async function untilAllOver(stage: HistoryStage, ids: readonly string[]): Promise<void> {
  await untilReady(stage.redis, RUN_LIMIT_MS);
  for (const id of ids) {
    await waitUntil(() => isOver(stage.redis, stage.shards, id), {
      withinMs: RUN_LIMIT_MS,
      what: `the end of auction ${id}`,
    });
  }
}
