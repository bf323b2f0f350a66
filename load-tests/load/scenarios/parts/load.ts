/** How bids are spread over time, and the limits that all scenarios share. */
import type { Options, Scenario } from 'k6/options';
import { setup } from './setup.ts';

/**
 * Open model: bids are due at a fixed rate, whether or not the ones before were answered. A system
 * that stalls for a second then shows a second of late answers. In a closed model, where each
 * bidder waits for the last answer before the next bid, it would show one late answer for each
 * bidder, and the bids that were never sent would not count (coordinated omission). Bids that find
 * no free bidder are counted as `dropped_iterations`, which a threshold forbids.
 */
const open = (rate: number, seconds: number): Scenario => ({
  executor: 'constant-arrival-rate',
  rate,
  timeUnit: '1s',
  duration: `${seconds}s`,
  preAllocatedVUs: setup.vus,
  maxVUs: setup.vus,
  gracefulStop: '15s',
});

/** To see how much the system takes; its latency says little, see {@link open}. */
const closed = (seconds: number): Scenario => ({
  executor: 'constant-vus',
  vus: setup.vus,
  duration: `${seconds}s`,
  gracefulStop: '15s',
});

const load = (seconds: number): Scenario =>
  setup.model === 'open' ? open(setup.rate, seconds) : closed(seconds);

/** Bids of the scenario's function `bid`: a warm-up, then what is measured. */
export const bidding = ({
  startsAfterMs = setup.warmUpSeconds * 1000,
  lastsSeconds = setup.seconds,
} = {}) => ({
  warm_up: { ...load(setup.warmUpSeconds), exec: 'bid' },
  main: { ...load(lastsSeconds), exec: 'bid', startTime: `${startsAfterMs}ms` },
});

/** Limits for two cores that the load, the servers and the services share. */
export const BID_LIMITS: NonNullable<Options['thresholds']> = {
  'bid_ms{scenario:main,answer:accepted}': ['p(95)<250', 'p(99)<750'],
  // Every bid gets a decision.
  bid_failed: ['count==0'],
  // Every bid is sent when it is due.
  'dropped_iterations{scenario:main}': ['count==0'],
};

/** What k6 prints at the end; the raw data goes to a file. */
export const SUMMARY: Options = {
  summaryTrendStats: ['count', 'min', 'med', 'p(95)', 'p(99)', 'max'],
  discardResponseBodies: false,
};
