/** The gateway over HTTP: the only way in which a bid is placed. */
import { randomUUID } from 'node:crypto';
import { ownJson, type BidReceipt } from '@outcry/shared/contracts/api.ts';
import {
  CLIENT_ADDRESS_HEADER,
  SERVICE_SECRET_HEADER,
} from '@outcry/shared/contracts/between-services.ts';
import type { Ack } from '@outcry/shared/contracts/live.ts';
import { wasSent, type Problem, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { refused, RETRY_AFTER_MS, type BidToForward, type ForwardBid } from '../rooms/requests.ts';

const BID_LIMIT_MS = 3_000;
const WAKE_LIMIT_MS = 2_000;
const MAX_IN_FLIGHT = 1_000;

const failed = (code: ProblemCode, detail: string, requestId: string): Ack<never> =>
  refused(code, detail, { retryAfterMs: RETRY_AFTER_MS }, requestId);
const TOO_MANY = 'Too many bids are on their way; nothing was changed.';
const NOT_REACHED = 'The gateway cannot be reached; nothing was changed.';
const NO_ANSWER = 'The gateway did not answer; retry with the same key.';

/** Where the gateway is, and what makes it believe this service. */
export interface GatewayAccess {
  /** Without a slash at the end. */
  readonly url: string;
  /** Undefined: all that comes from here counts as this service's own address. */
  readonly serviceSecret: string | undefined;
}

export function forwardTo(gateway: GatewayAccess, log: Logger): ForwardBid {
  let inFlight = 0;
  return async (bid) => {
    const requestId = randomUUID();
    inFlight += 1;
    const answer = await (inFlight > MAX_IN_FLIGHT
      ? failed('UNAVAILABLE', TOO_MANY, requestId)
      : forward(gateway, bid, requestId));
    inFlight -= 1;
    const bidId = answer.ok ? answer.data.bidId : undefined;
    const result = answer.ok ? 'OK' : answer.problem.code;
    log.debug({ requestId, auctionId: bid.auctionId, bidId, result }, 'forwarded a bid');
    return answer;
  };
}

async function forward(
  gateway: GatewayAccess,
  bid: BidToForward,
  requestId: string,
): Promise<Ack<BidReceipt>> {
  try {
    const response = await fetch(`${gateway.url}/v1/auctions/${bid.auctionId}/bids`, {
      method: 'POST',
      headers: {
        ...credentialOf(gateway),
        [CLIENT_ADDRESS_HEADER]: bid.address,
        authorization: `Bearer ${bid.token}`,
        'content-type': 'application/json',
        'x-request-id': requestId,
        ...(bid.key === undefined ? {} : { 'idempotency-key': bid.key }),
      },
      body: JSON.stringify(bid.offer),
      signal: AbortSignal.timeout(BID_LIMIT_MS),
    });
    return answerOf(response.status, await response.text(), requestId);
  } catch (error) {
    return wasSent(error)
      ? failed('OUTCOME_UNKNOWN', NO_ANSWER, requestId)
      : failed('UNAVAILABLE', NOT_REACHED, requestId);
  }
}

const credentialOf = ({ serviceSecret }: GatewayAccess): Record<string, string> =>
  serviceSecret === undefined ? {} : { [SERVICE_SECRET_HEADER]: serviceSecret };

function answerOf(status: number, text: string, requestId: string): Ack<BidReceipt> {
  try {
    if (status === 201) return { ok: true, data: ownJson<BidReceipt>(text) };
    const stated = ownJson<Problem | null>(text);
    if (stated !== null && typeof stated.code === 'string') return { ok: false, problem: stated };
  } catch {
    // Not JSON: whatever answered was not the gateway.
  }
  return failed('OUTCOME_UNKNOWN', `The way to the gateway failed (status ${status}).`, requestId);
}

/** Reading an auction through the gateway makes the script look at it. */
export function wakeThrough(
  gateway: GatewayAccess,
  log: Logger,
): (auctionId: string) => Promise<void> {
  return async (auctionId) => {
    try {
      const response = await fetch(`${gateway.url}/v1/auctions/${auctionId}`, {
        headers: credentialOf(gateway),
        signal: AbortSignal.timeout(WAKE_LIMIT_MS),
      });
      await response.body?.cancel();
    } catch (error) {
      log.warn({ err: error, auctionId }, 'the gateway could not be asked to look at an auction');
    }
  };
}
