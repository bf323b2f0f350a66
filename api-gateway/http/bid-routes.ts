import type { Hono } from 'hono';
import { emptyRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { bidReceiptJson, ownViewFrom } from '../bidding/receipts.ts';
import { answerFailure, answerOutcome } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { pathPart, route, type GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readBody } from './request-body.ts';
import { setHeader, type Exchange, type HttpAnswer } from './exchange.ts';

/** `POST …/buy-now` and `GET …/me`; `POST …/bids` is in answer-bids.ts. */
export function addBidRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.post(
    '/v1/auctions/:id/buy-now',
    route(async (x, c) => {
      const auctionId = pathPart(c, 'id');
      const endOfBid = parts.followBid?.(x, auctionId, 'buy-now');
      const answer = await buyNow(parts, auctionId, x).catch((error: unknown) =>
        answerFailure(x, error, parts.log),
      );
      endOfBid?.(answer);
      return answer;
    }),
  );

  app.get(
    '/v1/auctions/:id/me',
    route(async (x, c) => {
      const caller = await authenticate(x, parts, undefined);
      if (!caller.ok) return caller.answer;
      const auctionId = pathPart(c, 'id');
      const outcome = await parts.reads.ownState(auctionId, caller.caller.userId);
      setHeader(x, 'cache-control', 'no-store');
      return answerOutcome(x, outcome, 200, (answer) => JSON.stringify(ownViewFrom(answer.body)));
    }),
  );
}

async function buyNow(parts: GatewayParts, auctionId: string, x: Exchange): Promise<HttpAnswer> {
  const caller = await authenticate(x, parts, 'bidder');
  if (!caller.ok) return caller.answer;
  const key = readIdempotencyKey(x);
  if (!key.ok) return key.answer;
  const body = await readBody(x, emptyRequest);
  if (!body.ok) return body.answer;
  const outcome = await parts.engine.ask(
    auctionId,
    {
      kind: 'buy',
      userId: caller.caller.userId,
      admin: false,
      amount: 0,
      maxAmount: 0,
      key: key.value,
      fingerprint: 'buy',
      trace: x.trace,
    },
    () => x.outgoing.destroyed,
  );
  return answerOutcome(x, outcome, 201, (answer) => bidReceiptJson(answer.body));
}
