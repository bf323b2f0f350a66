import type { LoadResult } from '../generators/run-generator.ts';
import { runWrk, type RequestPlan } from '../generators/wrk.ts';
import { figuresOf, roundOf } from '../load-round.ts';
import type { Measurement } from '../measurement.ts';
import {
  anotherGateway,
  bidderTokens,
  bidsPath,
  FIRST_AMOUNT,
  gatewayOn,
  openAuctions,
} from './gateway.ts';

const AUCTIONS = 10_000;

/** Each gateway has half of the connections and of the auctions; Redis and NATS are shared. */
export const twoGateways: Measurement = {
  name: 'two-gateways',
  title: `accepted bids over ${AUCTIONS.toLocaleString('en')} auctions through two gateways`,
  counts: 'accepted bids',
  comparedTo: 'bare',
  async prepare(bed, { signal }) {
    const gateway = await gatewayOn(bed, { name: 'two-gateways' });
    const another = await anotherGateway(bed, gateway, 'the-other-gateway');
    const paths = (await openAuctions(gateway, AUCTIONS, signal)).map(bidsPath);
    const tokens = await bidderTokens(gateway, signal);
    const plans = [gateway, another].map(({ url }, half): RequestPlan => ({
      origin: url,
      paths: paths.filter((_, i) => i % 2 === half),
      tokens,
      member: 'maxAmount',
      firstAmount: FIRST_AMOUNT,
      amountStep: 10,
      keyPrefix: `two-${half}-`,
    }));
    const processes = { ...gateway.processes, 'other gateway': [another.pid()] };
    let firstRequest = 0;
    return async (options) => {
      const half = { ...options, connections: Math.ceil(options.connections / 2) };
      const round = await roundOf(processes, async () =>
        together(await Promise.all(plans.map((plan) => runWrk(plan, half, firstRequest)))),
      );
      // More than either has sent, so that no amount comes twice.
      firstRequest += round.result.answered + options.connections + 1;
      return figuresOf(round, round.result.answered - round.result.refused);
    };
  },
};

/** Sums; of times the longer one. */
const together = (results: readonly LoadResult[]): LoadResult =>
  results.reduce((all, each) => ({
    answered: all.answered + each.answered,
    refused: all.refused + each.refused,
    broken: all.broken + each.broken,
    seconds: Math.max(all.seconds, each.seconds),
    p50Ms: Math.max(all.p50Ms, each.p50Ms),
    p99Ms: Math.max(all.p99Ms, each.p99Ms),
  }));
