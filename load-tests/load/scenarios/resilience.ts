/**
 * Bids go on while the runner kills NATS, Postgres, the worker and the broadcaster in turn. Not one
 * bid may fail; latency has the same limits as without faults.
 */
import type { Options } from 'k6/options';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';

export { bid } from './parts/sale.ts';

export const options: Options = { ...SUMMARY, scenarios: bidding(), thresholds: BID_LIMITS };
