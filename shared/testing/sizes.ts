/**
 * How large the long tests are: short ones for CI, full ones for `npm run test:full`, which sets
 * TEST_SIZE=full. All sizes are here and nowhere else.
 */
const full = process.env['TEST_SIZE'] === 'full';

/** A size from the environment wins, for runs of hours. */
const given = (name: string): number | undefined => {
  const text = process.env[name];
  return text === undefined ? undefined : Number(text);
};

export const SIZES = {
  /** Auctions that end in the same second. */
  endingTogether: full ? 1_000 : 200,
  /** Auctions that stay open over a restart of Redis, and others that end within so many seconds. */
  manyOpen: full
    ? { open: 100_000, ending: 3_000, endingSeconds: 60 }
    : { open: 3_000, ending: 200, endingSeconds: 6 },
  /** How long the engine is away; more than the 10 s that count as an outage. */
  awayMs: full ? 30_000 : 12_000,
  /** Log entries that the keeper drains after an outage: of one auction, and one each of many. */
  drain: full ? { entries: 20_000, auctions: 20_000 } : { entries: 3_000, auctions: 2_000 },
  /** Random commands on which the script and the reference model must agree. */
  agreementCommands: given('AGREEMENT_COMMANDS') ?? (full ? 200_000 : 20_000),
  /** Random auctions from which bidders are removed. */
  removals: full ? 10_000 : 400,
  /** As many others that go through the archive, or to viewers. */
  removalsFollowed: full ? 400 : 24,
  /** Commands with broken fields beside honest ones. */
  unreadableCommands: 10_000,
  /** Runs of concurrent clients on two gateways; a run takes a few seconds. */
  histories: full
    ? { clients: 200, auctions: 20, seeds: 50 }
    : { clients: 60, auctions: 8, seeds: 3 },
  /** The same while servers are killed; such runs last twice as long. */
  historiesWithKills: full
    ? { clients: 200, auctions: 20, seeds: 50 }
    : { clients: 60, auctions: 8, seeds: 2 },
  /** Bids in a sale with limits while gateways are killed. */
  limitedBids: full ? 100_000 : 6_000,
  /** Each fault of the bench, in seconds and bids; an outage is of NATS or Postgres. */
  faults: full
    ? { beforeSeconds: 5, seconds: 10, outageSeconds: 60, bids: 100_000 }
    : { beforeSeconds: 0.5, seconds: 1, outageSeconds: 1, bids: 500, deliverAgainSeconds: 2 },
  /** Servers of a cluster that are killed under load, one after the other. */
  failovers: full
    ? { bidders: 48, bidsBefore: 200, kills: 3 }
    : { bidders: 32, bidsBefore: 10, kills: 1 },
  /** Connections that say nothing. */
  idleSockets: full ? 5_000 : 1_000,
  /** Raw protocol clients on two broadcasters while bids arrive and things break. */
  liveFaults: full ? { viewers: 500, bids: 20_000 } : { viewers: 100, bids: 2_000 },
  /** Auctions of the search for secrets, and script calls on each. */
  secretAuctions: full ? 40 : 4,
  secretCalls: full ? 200 : 25,
  /** Outbid notices whose delays are measured, while so many others watch. */
  notices: full ? { count: 2_000, viewers: 2_000 } : { count: 300, viewers: 200 },
  /** Honest viewers of one auction, and the bids that they see in each part of each round. */
  harassed: full ? { viewers: 500, bids: 400, rounds: 5 } : { viewers: 50, bids: 60, rounds: 3 },
  /** Viewers of one auction who come back all at once. */
  reconnecting: full ? 5_000 : 500,
} as const;

/** Time limit of the long tests, ms. */
export const LONG_TEST_MS = full ? 6 * 60 * 60 * 1000 : 5 * 60 * 1000;
