/**
 * `POST /v1/auctions/{id}/bids`, straight from node:http: the one route whose cost matters. The
 * router and its request and response objects would take a third of the gateway's time for a bid.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { parseStrictJson } from '@outcry/shared/runtime/strict-json.ts';
import type { AuctionCommand } from '../bidding/auction-commands.ts';
import { bidReceiptJson } from '../bidding/receipts.ts';
import { answerFailure, answerOutcome, answerProblem, answerRefusal } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { openExchange, type Exchange, type HttpAnswer } from './exchange.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { refusalByAddress } from './rate-limits.ts';
import { readBodyText, type Read } from './request-body.ts';
import { WriteTogether } from './write-together.ts';

type Offer = Pick<AuctionCommand, 'amount' | 'maxAmount'>;

/** Also as an absolute URL, which HTTP lets clients send and the router understands. */
const BIDS_PATH = /^(?:https?:\/\/[^/?]*)?\/v1\/auctions\/([^/?]+)\/bids(?:\?|$)/;

/** Whether bids are posted to this URL. */
export const isBidsPath = (url: string): boolean => BIDS_PATH.test(url);

/** Answers a bid. @returns false when the request is not one: it is then untouched */
export type AnswerBid = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export function answerBids(parts: GatewayParts): AnswerBid {
  const writer = new WriteTogether();
  const answer = async (auctionId: string, x: Exchange): Promise<void> => {
    const endOfBid = parts.followBid?.(x, auctionId, 'bids');
    const placed = await placeBid(parts, auctionId, x).catch((error: unknown) =>
      answerFailure(x, error, parts.log),
    );
    writer.add(x.outgoing, placed.status, x.headers, placed.body ?? '');
    endOfBid?.(placed);
  };
  return (incoming, outgoing) => {
    if (incoming.method !== 'POST') return false;
    const idInPath = BIDS_PATH.exec(incoming.url ?? '')?.[1];
    if (idInPath === undefined) return false;
    void answer(decodeId(idInPath), openExchange(incoming, outgoing, parts.corsOrigins));
    return true;
  };
}

/** An id needs no percent signs, but may be written with them. One that cannot be read is unknown. */
function decodeId(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function placeBid(parts: GatewayParts, auctionId: string, x: Exchange): Promise<HttpAnswer> {
  if (parts.limits.byAddress !== undefined) {
    const refusal = await refusalByAddress(x, parts.limits);
    if (refusal !== undefined) return refusal;
  }
  const caller = await authenticate(x, parts, 'bidder');
  if (!caller.ok) return caller.answer;
  const key = readIdempotencyKey(x);
  if (!key.ok) return key.answer;
  const text = await readBodyText(x);
  if (!text.ok) return text.answer;
  const offer = readOffer(x, text.value);
  if (!offer.ok) return offer.answer;
  const { amount, maxAmount } = offer.value;
  const command: AuctionCommand = {
    kind: 'bid',
    userId: caller.caller.userId,
    admin: false,
    amount,
    maxAmount,
    key: key.value,
    fingerprint: amount > 0 ? `bid:${amount}` : `max:${maxAmount}`,
    trace: x.trace,
  };
  const minimumBid = parts.heads.tooLow(auctionId, command);
  if (minimumBid !== undefined) return answerRefusal(x, 'BID_TOO_LOW', `${minimumBid ?? ''}`);
  const outcome = await parts.engine.ask(auctionId, command, () => x.outgoing.destroyed);
  return answerOutcome(x, outcome, 201, (answer) => bidReceiptJson(answer.body));
}

/**
 * A bid is exactly one amount in plain digits; JSON's other ways to write a number (1e3, 1.0) are
 * refused, so that a bid cannot mean something else to someone who reads the request.
 */
const PLAIN_OFFER =
  /^[ \t\r\n]*\{[ \t\r\n]*"(amount|maxAmount)"[ \t\r\n]*:[ \t\r\n]*([1-9][0-9]{0,12})[ \t\r\n]*\}[ \t\r\n]*$/;

function readOffer(x: Exchange, text: string): Read<Offer> {
  const match = PLAIN_OFFER.exec(text);
  const value = Number(match?.[2]);
  if (match !== null && value <= MAX_AMOUNT) {
    const exact = match[1] === 'amount';
    return {
      ok: true,
      value: { amount: exact ? value : 0, maxAmount: exact ? 0 : value },
    };
  }
  const parsed = parseStrictJson(text);
  if (!parsed.ok) {
    const answer = answerProblem(x, 'INVALID_REQUEST', `${parsed.reason}.`, { status: 400 });
    return { ok: false, answer };
  }
  const message = `send exactly one of amount and maxAmount, a whole number of minor units from 1 to ${MAX_AMOUNT} in plain digits`;
  const answer = answerProblem(x, 'INVALID_REQUEST', 'The body is not a bid.', {
    errors: [{ path: 'amount', message }],
  });
  return { ok: false, answer };
}
