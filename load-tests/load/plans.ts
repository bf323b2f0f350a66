/** The loads that there are. */

/** What is made larger step by step, and how large. */
export interface Sweep {
  /** Of the axis along which it grows. */
  readonly grows: 'rate' | 'auctions' | 'gateways' | 'viewers' | 'broadcasters';
  readonly steps: readonly number[];
  /** What stays as it is meanwhile. */
  readonly rate?: number;
  readonly viewers?: number;
  readonly auctions?: number;
}

export interface Plan {
  readonly about: string;
  /**
   * The file in `scenarios`; default `bidding`. In `sniping` all auctions end at once, with a soft close;
   * in `replay` auctions and bids are those of data/ebay-auctions.csv.
   */
  readonly scenario?: 'sniping' | 'replay';
  /** Some auctions draw most of the bids and viewers, as in a real sale. */
  readonly popular?: true;
  /** Defaults, small enough that two cores run the load, the servers and the services. */
  readonly rate: number;
  readonly vus: number;
  readonly seconds: number;
  readonly auctions: number;
  /** 0: nobody watches. */
  readonly viewers: number;
  /** Parts are killed on a schedule. */
  readonly kills?: true;
  /** With `--sweep`. */
  readonly sweeps?: readonly Sweep[];
}

const BASE = { rate: 200, vus: 200, seconds: 60, auctions: 1, viewers: 0 };
const PROCESSES = [1, 2, 4];
/** Well below what two cores can do beside k6, so that a bid costs what it costs and nobody waits. */
const STEADY_BIDS = 500;
const BIDS_TO_VIEWERS = 20;

export const PLANS = {
  contention: {
    ...BASE,
    about: 'many bidders on one auction',
    sweeps: [
      { grows: 'rate', steps: [100, 250, 500, 1_000, 1_500, 2_000] },
      { grows: 'gateways', steps: PROCESSES, rate: STEADY_BIDS },
    ],
  },
  spread: {
    ...BASE,
    auctions: 200,
    about: 'as many bids over many auctions',
    sweeps: [
      { grows: 'auctions', steps: [1, 10, 100, 1_000], rate: STEADY_BIDS },
      { grows: 'gateways', steps: PROCESSES, rate: STEADY_BIDS, auctions: 1_000 },
    ],
  },
  sniping: {
    ...BASE,
    seconds: 20,
    auctions: 20,
    scenario: 'sniping',
    about: 'everyone bids in the last second of auctions that end together; soft close',
  },
  fanout: {
    ...BASE,
    rate: 10,
    vus: 20,
    viewers: 200,
    about: 'many viewers of one auction, over Socket.IO and Server-Sent Events',
    sweeps: [
      { grows: 'viewers', steps: [100, 300, 1_000, 2_000], rate: BIDS_TO_VIEWERS },
      { grows: 'broadcasters', steps: PROCESSES, rate: BIDS_TO_VIEWERS, viewers: 1_000 },
    ],
  },
  mixed: {
    ...BASE,
    rate: 100,
    auctions: 20,
    viewers: 200,
    popular: true,
    about: 'viewers and bidders of many auctions, some of them popular',
  },
  soak: {
    ...BASE,
    rate: 50,
    seconds: 1_800,
    auctions: 20,
    viewers: 100,
    popular: true,
    about: 'mixed for long, with the memory of each process',
  },
  resilience: {
    ...BASE,
    rate: 150,
    seconds: 80,
    auctions: 20,
    popular: true,
    kills: true,
    about: 'NATS, Postgres, the worker and the broadcaster are killed in turn',
  },
  replay: {
    ...BASE,
    seconds: 30,
    auctions: 314,
    scenario: 'replay',
    about: '314 real eBay auctions with 5,442 bids, at once and faster',
  },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof PLANS;
