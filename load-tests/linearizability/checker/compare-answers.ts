/** Holds the body of an answer against the event that it speaks of. */
import type { BidReceipt, OwnView } from '@outcry/shared/contracts/api.ts';
import { minimumBid, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import type { LoggedEvent } from '../history.ts';

type Body = Readonly<Record<string, unknown>>;

/** The first member of a bid's receipt that is not as the event and the state after it have it. */
export function bidReceiptFault(
  body: Body,
  event: LoggedEvent,
  after: Auction,
  userId: string,
): string | undefined {
  const expected: BidReceipt = {
    bidId: event.private.bidId ?? '',
    epoch: event.public.epoch,
    seq: event.public.seq,
    result: after.leader === userId ? 'leading' : 'outbid',
    bidder: after.bidders.get(userId)?.alias ?? 0,
    price: after.price,
    minimumBid: minimumBid(after),
    endsAt: new Date(after.endsAt).toISOString(),
    serverTime: event.public.at,
  };
  return difference(body, { ...expected });
}

/**
 * The first member of an auction's view that is not as the event has it.
 * @param options.exactTime the view is the answer to the command that made the event
 */
export function viewFault(
  body: Body,
  event: LoggedEvent,
  { exactTime }: { exactTime: boolean },
): string | undefined {
  const { epoch, seq, state, at } = event.public;
  const expected = { id: event.auctionId, epoch, seq, ...state };
  if (body['outcome'] !== state.outcome) return `outcome ${JSON.stringify(body['outcome'])}`;
  return difference(body, exactTime ? { ...expected, serverTime: at } : expected);
}

/** The first member of a bidder's own view that is not as this state has it. */
export function ownViewFault(body: Body, state: Auction, userId: string): string | undefined {
  const bidder = state.bidders.get(userId);
  const expected: OwnView = {
    alias: bidder?.alias ?? null,
    leading: state.leader === userId,
    maxAmount: bidder?.maximum ?? null,
    bidCount: bidder?.bids ?? 0,
  };
  return difference(body, { ...expected });
}

function difference(body: Body, expected: Body): string | undefined {
  for (const [name, value] of Object.entries(expected)) {
    if (body[name] !== value) {
      return `${name} is ${JSON.stringify(body[name])} in the answer, ${JSON.stringify(value)} by the log`;
    }
  }
  return undefined;
}
