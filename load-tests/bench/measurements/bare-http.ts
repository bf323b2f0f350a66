import { FIRST_AMOUNT } from '../bidding-crowd.ts';
import { figuresOf, PlannedLoad } from '../load-round.ts';
import type { Measurement } from '../measurement.ts';

/** As long as an access token and an auction's path, so that the requests are as long as bids. */
const TOKEN = 'x'.repeat(187);
const PATH = '/v1/auctions/a0-AAAAAAAAAAAAAAAAAAAA/bids';

/** What Node's HTTP server can do at most with requests and answers like those of bids. */
export const bareHttp: Measurement = {
  name: 'bare',
  title: 'bare node:http, same request and answer',
  unit: 'answers',
  otherUnit: 'refused requests',
  async prepare(stage) {
    const server = await stage.bareHttp();
    const plan = {
      origin: server.url,
      paths: [PATH],
      tokens: [TOKEN],
      member: 'maxAmount' as const,
      firstAmount: FIRST_AMOUNT,
      amountStep: 10,
      keyPrefix: 'bench-',
    };
    const load = new PlannedLoad(plan, { 'node:http': server });
    return async (options) => {
      const round = await load.round(options);
      if (round.result.refused > 0) throw new Error('the bare server refused a request');
      return figuresOf(round, round.result.answered);
    };
  },
};
