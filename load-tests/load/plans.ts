/** The loads that there are, and their command line. */
import { z } from 'zod';
import { choice, flag, number, optionsText, readArguments, UsageError } from '../command-line.ts';

/** What is made larger step by step, how large, and what stays as it is meanwhile. */
export interface Sweep {
  readonly grows: 'rate' | 'auctions' | 'gateways' | 'viewers' | 'broadcasters';
  readonly steps: readonly number[];
  readonly rate?: number;
  readonly viewers?: number;
  readonly auctions?: number;
}

/** Numbers are defaults, small enough that two cores run the load, the servers and the services. */
interface Plan {
  /**
   * The file in `scenarios`. In `sniping` all auctions end at once, with a soft close; in `replay` auctions
   * and bids are those of data/ebay-auctions.csv.
   */
  readonly scenario: 'bidding' | 'sniping' | 'replay';
  /** Some auctions draw most of the bids and viewers, as in a real sale. */
  readonly popular: boolean;
  /** Bids per second. */
  readonly rate: number;
  /** The most bidders at once in the open model, all of them in the closed one. */
  readonly vus: number;
  readonly seconds: number;
  readonly auctions: number;
  /** 0: nobody watches. */
  readonly viewers: number;
  /** Parts are killed on a schedule. */
  readonly kills: boolean;
}

const ON_ONE = { auctions: 1, rate: 200, vus: 200, seconds: 60, viewers: 0 };
const BASE: Plan = { ...ON_ONE, scenario: 'bidding', popular: false, kills: false };
const POPULAR: Plan = { ...BASE, auctions: 20, popular: true };

const PLANS = {
  contention: BASE,
  spread: { ...BASE, auctions: 200 },
  sniping: { ...BASE, auctions: 20, seconds: 20, scenario: 'sniping' },
  fanout: { ...BASE, rate: 10, vus: 20, viewers: 200 },
  mixed: { ...POPULAR, rate: 100, viewers: 200 },
  soak: { ...POPULAR, rate: 50, viewers: 100, seconds: 1_800 },
  resilience: { ...POPULAR, rate: 150, seconds: 80, kills: true },
  replay: { ...BASE, seconds: 30, scenario: 'replay' },
} satisfies Record<string, Plan>;

const ABOUT: Readonly<Record<keyof typeof PLANS, string>> = {
  contention: 'many bidders on one auction',
  spread: 'as many bids over many auctions',
  sniping: 'everyone bids in the last second of auctions that end together; soft close',
  fanout: 'many viewers of one auction, over Socket.IO and Server-Sent Events',
  mixed: 'viewers and bidders of many auctions, some of them popular',
  soak: 'mixed for long, with the memory of each process',
  resilience: 'NATS, Postgres, the worker and the broadcaster are killed in turn',
  replay: '314 real eBay auctions with 5,442 bids, at once and faster',
};

const PROCESSES = [1, 2, 4];
/** Well below what two cores can do beside k6, so that a bid costs what it costs and nobody waits. */
const STEADY_BIDS = 500;
const BIDS_TO_VIEWERS = 20;

/** With `--sweep`. */
const SWEEPS: Readonly<Partial<Record<keyof typeof PLANS, readonly Sweep[]>>> = {
  contention: [
    { grows: 'rate', steps: [100, 250, 500, 1_000, 1_500, 2_000] },
    { grows: 'gateways', steps: PROCESSES, rate: STEADY_BIDS },
  ],
  spread: [
    { grows: 'auctions', steps: [1, 10, 100, 1_000], rate: STEADY_BIDS },
    { grows: 'gateways', steps: PROCESSES, rate: STEADY_BIDS, auctions: 1_000 },
  ],
  fanout: [
    { grows: 'viewers', steps: [100, 300, 1_000, 2_000], rate: BIDS_TO_VIEWERS },
    { grows: 'broadcasters', steps: PROCESSES, rate: BIDS_TO_VIEWERS, viewers: 1_000 },
  ],
};

const isName = (text: string): text is keyof typeof PLANS => text in PLANS;

const MOST = 1_000_000;
const OPTIONS = {
  rate: number('bids due per second, whether or not others were answered', 1, MOST).optional(),
  vus: number('bidders at once, at most', 1, MOST).optional(),
  duration: time('what is measured, such as 500ms, 60s, 5m or 2h').optional(),
  'warm-up': time('before it, not measured').optional(),
  viewers: number('of fanout, mixed and soak', 1, MOST).optional(),
  auctions: number('of spread, sniping, mixed, soak and resilience', 1, MOST).optional(),
  model: choice('closed: each bidder waits for the answer before the next bid', 'open', 'closed'),
  bids: choice('of both kinds in turn, or one', 'both', 'exact', 'maximum'),
  sweep: flag('of contention, spread, fanout: larger step by step; what a bid or message costs'),
};

const WARM_UP_SECONDS = 5;
/** Of a step of a sweep. */
const OF_A_STEP = { seconds: 5, warmUpSeconds: 2 };

export const LOAD_USAGE = `npm run load -- SCENARIO [options]
${optionsText(OPTIONS)}
Each scenario has defaults of its own:
${Object.entries(ABOUT)
  .map(([name, about]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}
The exit code is 1 when a bid was lost, doubled or invented, or a limit was not kept.`;

export type LoadOptions = ReturnType<typeof loadOptions>;

/** @param args what follows the program's name @throws UsageError */
export function loadOptions(args: readonly string[]) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [name = '', ...more] = positionals;
  if (!isName(name) || more.length > 0) {
    const names = Object.keys(PLANS).join(', ');
    throw new UsageError(`name one scenario of ${names}, not "${positionals.join(' ')}"`);
  }
  const plan: Plan = PLANS[name];
  const sweeps = SWEEPS[name] ?? [];
  const { rate = plan.rate, vus = plan.vus, viewers = plan.viewers, ...others } = values;
  const { auctions = plan.auctions, duration, 'warm-up': warmUp, ...how } = others;
  if (how.sweep && sweeps.length === 0) throw new UsageError(`${name} has no sweep`);
  const usual = how.sweep ? OF_A_STEP : { seconds: plan.seconds, warmUpSeconds: WARM_UP_SECONDS };
  return {
    ...plan,
    ...how,
    /** The command line, from which others can repeat the run. */
    given: args.join(' '),
    name,
    about: ABOUT[name],
    sweeps,
    rate,
    vus,
    seconds: duration ?? usual.seconds,
    warmUpSeconds: plan.scenario === 'replay' ? 0 : (warmUp ?? usual.warmUpSeconds),
    viewers: plan.viewers === 0 ? 0 : viewers,
    auctions: plan.auctions === 1 ? 1 : auctions,
    gateways: 1,
    broadcasters: 1,
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/** In seconds. */
function time(about: string) {
  const error = 'must be a time such as 500ms, 60s or 5m';
  return z
    .string()
    .regex(/^\d{1,6}(ms|s|m|h)$/, error)
    .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/\d+/, '')] ?? 0))
    .refine((seconds) => seconds > 0, error)
    .describe(about);
}
