import type { Context, Hono } from 'hono';
import { emptyRequest } from '@outcry/shared/contracts/api.ts';
import { isAuctionId } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import type { AuctionCommand } from '../bidding/auction-commands.ts';
import { bidReceiptJson, ownViewFrom } from '../bidding/receipts.ts';
import { sendOutcome, sendProblem, sendRefusal } from './answers.ts';
import { authenticate } from './authenticate.ts';
import type { GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readBody, readBodyText, type Read } from './request-body.ts';
import { parseStrictJson } from './strict-json.ts';
import { setHeader } from './send.ts';

type Offer = Pick<AuctionCommand, 'amount' | 'maxAmount'>;

/** `POST …/bids`, `POST …/buy-now`, `GET …/me`: what a bidder does. */
export function addBidRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.post('/v1/auctions/:id/bids', async (c) => {
    const caller = await authenticate(c, parts, 'bidder');
    if (!caller.ok) return caller.response;
    const key = readIdempotencyKey(c);
    if (!key.ok) return key.response;
    const text = await readBodyText(c);
    if (!text.ok) return text.response;
    const offer = readOffer(c, text.value);
    if (!offer.ok) return offer.response;
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, parts.shards)) return noSuchAuction(c);
    const { amount, maxAmount } = offer.value;
    const command: AuctionCommand = {
      kind: 'bid',
      userId: caller.caller.userId,
      admin: false,
      amount,
      maxAmount,
      key: key.value,
      fingerprint: amount > 0 ? `bid:${amount}` : `max:${maxAmount}`,
    };
    const minimumBid = parts.heads.tooLow(auctionId, command);
    if (minimumBid !== undefined) return sendRefusal(c, 'BID_TOO_LOW', `${minimumBid}`);
    const outcome = await parts.engine.submit(auctionId, command, () => c.env.outgoing.destroyed);
    return sendOutcome(c, outcome, 201, (answer) => bidReceiptJson(answer.body));
  });

  app.post('/v1/auctions/:id/buy-now', async (c) => {
    const caller = await authenticate(c, parts, 'bidder');
    if (!caller.ok) return caller.response;
    const key = readIdempotencyKey(c);
    if (!key.ok) return key.response;
    const body = await readBody(c, emptyRequest);
    if (!body.ok) return body.response;
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, parts.shards)) return noSuchAuction(c);
    const outcome = await parts.engine.submit(
      auctionId,
      {
        kind: 'buy',
        userId: caller.caller.userId,
        admin: false,
        amount: 0,
        maxAmount: 0,
        key: key.value,
        fingerprint: 'buy',
      },
      () => c.env.outgoing.destroyed,
    );
    return sendOutcome(c, outcome, 201, (answer) => bidReceiptJson(answer.body));
  });

  app.get('/v1/auctions/:id/me', async (c) => {
    const caller = await authenticate(c, parts, undefined);
    if (!caller.ok) return caller.response;
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, parts.shards)) return noSuchAuction(c);
    const outcome = await parts.engine.submit(auctionId, {
      ...READING,
      kind: 'me',
      userId: caller.caller.userId,
    });
    setHeader(c, 'cache-control', 'no-store');
    return sendOutcome(c, outcome, 200, (answer) => JSON.stringify(ownViewFrom(answer.body)));
  });
}

/** The parts of a command that only reads. */
export const READING: Omit<AuctionCommand, 'kind'> = {
  userId: '',
  admin: false,
  amount: 0,
  maxAmount: 0,
  key: '',
  fingerprint: '',
};

/** Ids that were never ours get the same answer as auctions that are gone. */
export const noSuchAuction = (c: Context<GatewayContext>): Response =>
  sendProblem(c, 'AUCTION_NOT_FOUND', 'No auction has this id.');

/**
 * A bid is exactly one amount in plain digits; JSON's other ways to write a number (1e3, 1.0) are
 * refused, so that a bid cannot mean something else to someone who reads the request.
 */
const PLAIN_OFFER = /^\s*\{\s*"(amount|maxAmount)"\s*:\s*([1-9][0-9]{0,12})\s*\}\s*$/;

function readOffer(c: Context<GatewayContext>, text: string): Read<Offer> {
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
    const response = sendProblem(c, 'INVALID_REQUEST', `${parsed.reason}.`, { status: 400 });
    return { ok: false, response };
  }
  const message = `send exactly one of amount and maxAmount, a whole number of minor units from 1 to ${MAX_AMOUNT} in plain digits`;
  const response = sendProblem(c, 'INVALID_REQUEST', 'The body is not a bid.', {
    errors: [{ path: 'amount', message }],
  });
  return { ok: false, response };
}
