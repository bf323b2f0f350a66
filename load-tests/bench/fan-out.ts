/** Viewers: what a broadcaster does for them, against a bare server, under load, in silence, attacked. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ATTACKS } from '@outcry/broadcast-service/testing/attack-kinds.ts';
import { Attack, startBareTarget } from '@outcry/broadcast-service/testing/attack.ts';
import { gatherViewers, type ViewerCrowd } from '@outcry/broadcast-service/testing/light-crowd.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { residentMib } from '@outcry/local/processes/process-table.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { LAST_MINUTES_MS } from '@outcry/shared/contracts/live.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { openWindow, sum } from '../system/machine.ts';
import { SHARDS, typescriptArguments, type TestBed } from '../system/system.ts';
import type { Measurement, RoundFigures, RoundOptions } from './rounds.ts';

const BARE = new URL('./processes/bare-ws-server.ts', import.meta.url);
const BROADCASTER = new URL('./processes/measured-broadcaster.ts', import.meta.url);
const BIDS_PER_SECOND = 50;
/** Of one server at its limit, of two under load, and of one that is attacked. */
const VIEWERS = { against: 5_000, loaded: 10_000, attacked: 500 };

type Broadcaster = Awaited<ReturnType<typeof broadcasterOn>>;

/** One Redis for all; bids are made with the decide script, without a gateway. */
const redisOn = (bed: TestBed) =>
  bed.shared('fan-out', async () => {
    const { url } = await bed.redis('redis-of-fan-out', { whole: true });
    return { url, auctions: new ScriptedAuctions(await bed.connection(url), SHARDS) };
  });

async function broadcasterOn(
  bed: TestBed,
  name: string,
  limits: 'as-shipped' | 'unlimited' = 'as-shipped',
  env: Readonly<Record<string, string>> = {},
) {
  const { url: redis } = await redisOn(bed);
  const port = await freePort();
  const run = [...typescriptArguments(BROADCASTER), limits, `${port}`];
  const server = await bed.service('broadcast-service', { redis }, { name, run, env });
  await bed.start(server);
  /** For how long its event loop was held at a stretch since the last time, by figure, ms. */
  const held = async () =>
    (await (await fetch(`http://127.0.0.1:${port}`)).json()) as Record<string, number>;
  return { server, held };
}

/** Viewers of a new auction, who leave in the end. */
async function gather(bed: TestBed, nodes: readonly LocalServer[], id: string, viewers: number) {
  await (await redisOn(bed)).auctions.create(id);
  const crowd = await gatherViewers(nodes, id, viewers);
  bed.onClose(() => crowd.leave());
  return crowd;
}

/** Bids that arrive steadily, until this many viewers have the last one. */
async function steadyBids(
  bed: TestBed,
  nodes: readonly Broadcaster[],
  crowd: ViewerCrowd,
  { seconds, signal }: Pick<RoundOptions, 'seconds' | 'signal'>,
  viewers = crowd.size,
): Promise<RoundFigures> {
  const { auctions } = await redisOn(bed);
  const allHeld = () => Promise.all(nodes.map((node) => node.held()));
  await allHeld();
  crowd.startOver();
  const pids = nodes.map(({ server }) => server.pid());
  const close = openWindow({ broadcasters: pids });
  await crowd.bidSteadily(auctions, BIDS_PER_SECOND, seconds, signal);
  const used = close();
  const frames = crowd.frames();
  await crowd.haveLast(viewers);
  const held = await allHeld();
  const longest = Object.keys(held[0] ?? {}).map((name) => {
    return [name, Math.max(...held.map((each) => each[name] ?? 0))] as const;
  });
  return {
    perSecond: frames / used.seconds,
    cores: used.cores,
    figures: {
      'p50 ms': crowd.delay(0.5),
      'p99 ms': crowd.delay(0.99),
      'longest ms': crowd.delay(1),
      ...Object.fromEntries(longest),
      'memory of all, MiB': sum(pids.map(residentMib)),
    },
  };
}

const BIDS_ONE_BY_ONE = 10;
const BIDS_BACK_TO_BACK = 20;

type About = Pick<Measurement, 'name' | 'title' | 'comparedTo' | 'shouldBe'>;

/** One server and one auction with thousands of viewers. */
const atLimit = (about: About, start: (bed: TestBed) => Promise<LocalServer>): Measurement => ({
  ...about,
  counts: 'deliveries',
  async prepare(bed, { viewers = VIEWERS.against }) {
    const { auctions } = await redisOn(bed);
    const server = await start(bed);
    const before = residentMib(server.pid());
    const crowd = await gather(bed, [server], `a0-${server.name}`, viewers);
    const kibPerViewer = ((residentMib(server.pid()) - before) * 1024) / viewers;
    /** Resolves when so many viewers have it. */
    const bid = async (reaches: number): Promise<void> => {
      const answered = crowd.bid(auctions);
      await Promise.all([answered, crowd.haveLast(reaches)]);
    };
    return async () => {
      const delays: number[] = [];
      for (let i = 0; i < BIDS_ONE_BY_ONE; i += 1) {
        const begin = performance.now();
        await bid(viewers);
        delays.push(performance.now() - begin);
      }
      const close = openWindow({ server: [server.pid()] });
      crowd.startOver();
      // Each bid when half of the viewers have the one before: the server has the next message when it
      // is done with one, and never two that it may join, which would be fewer deliveries.
      for (let i = 1; i <= BIDS_BACK_TO_BACK; i += 1) {
        await bid(i < BIDS_BACK_TO_BACK ? viewers / 2 : viewers);
      }
      const { cores, seconds } = close();
      const perSecond = crowd.frames() / seconds;
      const last = percentile(delays, 0.5);
      const figures = { 'last viewer has a bid, ms': last, 'memory a viewer, KiB': kibPerViewer };
      return { perSecond, cores, figures };
    };
  },
});

/** Two broadcasters. @param stalledShare so many of the viewers stop reading before the first bid */
const underLoad = (about: About, stalledShare: number): Measurement => ({
  ...about,
  counts: 'messages to viewers',
  async prepare(bed, { viewers = VIEWERS.loaded, signal }) {
    const nodes = [1, 2].map((nth) => broadcasterOn(bed, `${about.name}-${nth}`));
    const both = await Promise.all(nodes);
    const servers = both.map(({ server }) => server);
    const crowd = await gather(bed, servers, `a2-${about.name}`, viewers);
    const stalled = Math.ceil(viewers * stalledShare);
    crowd.stall(stalled);
    await pause(2_000, undefined, { signal });
    return (options) => steadyBids(bed, both, crowd, options, viewers - stalled);
  },
});

const SETTLE_MS = 5_000;
const FEEDS = 50;
/** The connections of a round die in one instant, which falls anywhere between two words. */
const LONGEST_PAUSE_MS = 2_000;
const HOURS_MS = 24 * 3_600_000;

/** A broadcaster, and what opens an auction of its own for a round: the last minutes do not last. */
const silenceOn = (bed: TestBed) =>
  bed.shared('silence', async () => {
    const { server } = await broadcasterOn(bed, 'silence');
    const { auctions } = await redisOn(bed);
    const open = async (durationMs: number): Promise<string> => {
      const auctionId = `a3-${randomUUID()}`;
      await auctions.create(auctionId, { durationMs });
      return auctionId;
    };
    return { server, open };
  });

/**
 * What it costs that nobody waits in silence in an auction's last minutes. No bids: with bids there is
 * none to break.
 */
const watched = (about: About, durationMs: number): Measurement => ({
  ...about,
  counts: 'viewers watched',
  async prepare(bed) {
    const { server, open } = await silenceOn(bed);
    return async ({ seconds, viewers = VIEWERS.loaded, signal }) => {
      const crowd = await gatherViewers([server], await open(durationMs), viewers);
      try {
        await pause(SETTLE_MS, undefined, { signal });
        const close = openWindow({ broadcaster: [server.pid()] });
        await pause(seconds * 1_000, undefined, { signal });
        return { perSecond: viewers, cores: close().cores, figures: {} };
      } finally {
        crowd.leave();
        await pause(SETTLE_MS, undefined, { signal });
      }
    };
  },
});

const deadConnections: Measurement = {
  name: 'dead-connections',
  title: `how soon ${FEEDS} clients notice that their connections are dead`,
  counts: 'connections noticed',
  warmsUp: false,
  shouldBe: { 'longest ms': 'at most 5,000' },
  async prepare(bed) {
    const { server, open } = await silenceOn(bed);
    return async ({ signal }) => {
      const auctionId = await open(LAST_MINUTES_MS);
      const close = openWindow({ broadcaster: [server.pid()] });
      const after = await noticing(server.port, auctionId, signal);
      const at = (share: number): number => percentile(after, share);
      const figures = { 'p50 ms': at(0.5), 'p90 ms': at(0.9), 'longest ms': at(1) };
      return { perSecond: (1000 * FEEDS) / at(1), cores: close().cores, figures };
    };
  },
};

/** @returns from the death of each connection until its viewer shows it, ms */
async function noticing(port: number, auctionId: string, signal: AbortSignal): Promise<number[]> {
  const link = await TcpLink.open(port);
  const url = `http://${link.address}`;
  const feeds = Array.from({ length: FEEDS }, () => new LiveFeed({ url }));
  let frozenAt = Infinity;
  const noticedAt = new Map<LiveFeed, number>();
  const seen = feeds.map((feed) =>
    feed.watch(auctionId, {
      onChange({ connection }) {
        if (frozenAt === Infinity || connection === 'live' || noticedAt.has(feed)) return;
        noticedAt.set(feed, performance.now());
      },
    }),
  );
  try {
    const limit = { withinMs: 30_000, what: 'all feeds' };
    await waitUntil(() => seen.every(({ connection }) => connection === 'live'), limit);
    await pause(LONGEST_PAUSE_MS + Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
    frozenAt = performance.now();
    link.freeze();
    await waitUntil(() => noticedAt.size === FEEDS, { ...limit, what: 'all feeds to notice' });
    return [...noticedAt.values()].map((at) => at - frozenAt);
  } finally {
    for (const feed of feeds) feed.close();
    await link.close();
  }
}

export const fanOutMeasurements: readonly Measurement[] = [
  atLimit(
    {
      name: 'bare-ws',
      title: `a bare ws server that writes one frame to ${VIEWERS.against} viewers`,
    },
    async (bed) => bed.bareServer('bare-ws', BARE, [(await redisOn(bed)).url, `${SHARDS}`]),
  ),
  atLimit(
    {
      name: 'broadcaster',
      title: 'the broadcaster, without chunks, rests and conflation',
      comparedTo: 'bare-ws',
      shouldBe: { perSecond: 'at least 0.85', 'last viewer has a bid, ms': 'at most 1.18' },
    },
    async (bed) => (await broadcasterOn(bed, 'broadcaster', 'unlimited')).server,
  ),
  underLoad(
    {
      name: 'fan-out-load',
      title: `two broadcasters as shipped, ${VIEWERS.loaded} viewers, 50 bids/s; from a bid's answer to a viewer`,
      shouldBe: { 'p99 ms': 'below 150', 'event loop held, longest ms': 'at most 25' },
    },
    0,
  ),
  underLoad(
    {
      name: 'fan-out-stalled',
      title: 'the same while one viewer in a hundred does not read; of the others',
      comparedTo: 'fan-out-load',
      shouldBe: { 'p99 ms': 'at most 1.2' },
    },
    0.01,
  ),
  watched({ name: 'quiet', title: 'one broadcaster hours before the end, without bids' }, HOURS_MS),
  watched(
    { name: 'silence', title: 'the same in the last minutes', comparedTo: 'quiet' },
    LAST_MINUTES_MS,
  ),
  deadConnections,
];

const ATTACKED = 'a1-attacked';
const ATTACKS_PER_SECOND = 100;

const attackedOn = (bed: TestBed, { viewers = VIEWERS.attacked, signal }: RoundOptions) =>
  bed.shared('attacks', async () => {
    const bare = await startBareTarget();
    bed.onClose(() => bare.end());
    // As shipped also in how many connections one address may make: honest viewers have one address.
    const node = await broadcasterOn(bed, 'attacked', 'as-shipped', {
      MAX_VIEWERS_PER_ADDRESS: '1000',
    });
    const crowd = await gather(bed, [node.server], ATTACKED, viewers);
    await steadyBids(bed, [node], crowd, { seconds: 3, signal });
    return {
      measure: (options: RoundOptions) => steadyBids(bed, [node], crowd, options),
      targets: { broadcaster: node.server.url, bare: bare.url },
    };
  });

/**
 * What each attack costs honest viewers: in turns nobody else, an attack from a process and an
 * address of its own, and the same attack on a bare server beside, because attackers share the
 * machine with what is measured. @param kinds of attacks; none for all, in turns
 */
const harassed = (
  about: About,
  target?: 'broadcaster' | 'bare',
  ...kinds: string[]
): Measurement => ({
  ...about,
  counts: 'messages to honest viewers',
  warmsUp: false,
  async prepare(bed, options) {
    const { measure, targets } = await attackedOn(bed, options);
    if (target === undefined) return measure;
    return async (round) => {
      const attack = await Attack.begin(targets[target], ATTACKED, ATTACKS_PER_SECOND, kinds);
      try {
        const began = performance.now();
        const found = await measure(round);
        const { tried, begun, cpuMs } = await attack.report();
        const attackers = {
          'attackers tried': tried,
          'attackers let in': begun,
          "attackers' CPU, %": (100 * cpuMs) / (performance.now() - began),
        };
        return { ...found, figures: { ...found.figures, ...attackers } };
      } finally {
        await attack.end();
      }
    };
  },
});

const UNATTACKED = 'unattacked';
const HONEST = `${VIEWERS.attacked} honest viewers, 50 bids/s; from a bid's answer to a viewer`;

export const attackMeasurements: readonly Measurement[] = [
  harassed({ name: UNATTACKED, title: HONEST }),
  ...[...ATTACKS.map((kind) => [kind]), []].flatMap((kinds: string[]) => {
    const [name = 'all-attacks'] = kinds;
    const beside = `beside-${name}`;
    const title = `${ATTACKS_PER_SECOND} ${name} per second`;
    const bare = { title: `${title} on a bare server beside`, comparedTo: UNATTACKED };
    const own = { title: `${title} from one address`, comparedTo: beside };
    return [
      harassed({ ...bare, name: beside }, 'bare', ...kinds),
      harassed({ ...own, name, shouldBe: { 'p99 ms': 'at most 1.3' } }, 'broadcaster', ...kinds),
    ];
  }),
];
