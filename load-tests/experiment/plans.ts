/** The experiments that there are, each with the scenario of the same name in `scenarios`. */

export interface Plan {
  readonly about: string;
  /** Defaults, small enough that two cores run the load, the servers and the services. */
  readonly rate: number;
  readonly vus: number;
  readonly seconds: number;
  readonly auctions: number;
  /** 0: nobody watches. */
  readonly viewers: number;
  /** All auctions end at once, with a soft close. */
  readonly snipes?: true;
  /** The auctions and bids are those of data/ebay-auctions.csv. */
  readonly replays?: true;
  /** Parts are killed on a schedule. */
  readonly kills?: true;
}

const BASE = { rate: 200, vus: 200, seconds: 60, auctions: 1, viewers: 0 };

export const PLANS = {
  contention: { ...BASE, about: 'many bidders on one auction' },
  spread: { ...BASE, auctions: 200, about: 'as many bids over many auctions' },
  sniping: {
    ...BASE,
    seconds: 20,
    auctions: 20,
    snipes: true,
    about: 'everyone bids in the last second of auctions that end together; soft close',
  },
  fanout: {
    ...BASE,
    rate: 10,
    vus: 20,
    viewers: 200,
    about: 'many viewers of one auction, over Socket.IO and Server-Sent Events',
  },
  mixed: {
    ...BASE,
    rate: 100,
    auctions: 20,
    viewers: 200,
    about: 'viewers and bidders of many auctions, some of them popular',
  },
  soak: {
    ...BASE,
    rate: 50,
    seconds: 1_800,
    auctions: 20,
    viewers: 100,
    about: 'mixed for long, with the memory of each process',
  },
  resilience: {
    ...BASE,
    rate: 150,
    seconds: 80,
    auctions: 20,
    kills: true,
    about: 'NATS, Postgres, the worker and the broadcaster are killed in turn',
  },
  replay: {
    ...BASE,
    seconds: 30,
    auctions: 314,
    replays: true,
    about: '314 real eBay auctions with 5,442 bids, at once and faster',
  },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof PLANS;
