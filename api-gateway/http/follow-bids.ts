/** A bid's way through the gateway as a trace and as a log line, for whoever looks by one of its ids. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { Exchange, HttpAnswer } from '@outcry/shared/http/exchange.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { traceIdOf, type Tracer } from '@outcry/shared/runtime/tracing.ts';

/** What the paths of followed requests have in common before an auction's id. */
const AUCTIONS = '/v1/auctions/{id}/';
const MAX_ID_CHARACTERS = 64;

/** Ends the following of one bid, with its answer. */
export type EndOfBid = (answer: HttpAnswer) => void;

/**
 * Begins to follow a bid; a sampled one gets its trace into the exchange.
 * @param action the last part of the request's path
 * @returns undefined when this bid is not followed
 */
export type FollowBid = (
  x: Exchange,
  auctionId: string,
  action: 'bids' | 'buy-now',
) => EndOfBid | undefined;

/**
 * Which bids are traced is decided here: a caller's `traceparent` is not read.
 * @returns undefined when nobody would see it: without traces, and without debug lines in the log
 */
export function followBids(tracer: Tracer | undefined, log: Logger): FollowBid | undefined {
  const isLogged = log.isLevelEnabled('debug');
  if (tracer === undefined && !isLogged) return undefined;
  return (x, auctionId, action) => {
    const id = auctionId.slice(0, MAX_ID_CHARACTERS);
    const span = tracer?.begin(`POST ${AUCTIONS}${action}`, {
      kind: 'server',
      attributes: {
        'http.request.method': 'POST',
        'http.route': `${AUCTIONS}${action}`,
        'outcry.request_id': x.requestId,
        'outcry.auction_id': id,
      },
    });
    x.trace = span?.traceparent;
    if (span === undefined && !isLogged) return undefined;
    return ({ status, body }) => {
      const { bidId, code = 'OK' } = ownJson<{ bidId?: string; code?: string }>(body ?? '{}');
      const bid = bidId === undefined ? {} : { 'outcry.bid_id': bidId };
      const attributes = { 'http.response.status_code': status, 'outcry.result': code, ...bid };
      span?.end(attributes, status >= 500 ? code : undefined);
      const { requestId } = x;
      const traceId = traceIdOf(x.trace);
      log.debug({ requestId, traceId, auctionId: id, bidId, result: code }, 'answered a bid');
    };
  };
}
