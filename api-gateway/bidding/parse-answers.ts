/** Parses what the decide script answers, and makes the bodies of HTTP answers of its compact receipts. */
import type { AuctionView, OwnView } from '@outcry/shared/contracts/api.ts';
import { isoTime, readView } from '@outcry/shared/contracts/records.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { Answer } from './auction-commands.ts';

/**
 * Reads `+CODE body` (decided now) or `=CODE body` (replayed).
 * @param terms of its auction or sale
 * @throws Error when the script answered something else, which is a defect
 */
export function parseAnswer(text: string, terms: string): Answer {
  const code = codeOf(text);
  if (code !== 'OK' && !isRefusalCode(code)) throw new Error(`unknown answer: ${text}`);
  return { code, replayed: text.startsWith('='), body: text.slice(code.length + 2), terms };
}

/** The code of such an answer. */
export const codeOf = (text: string): string => text.slice(1, text.indexOf(' '));

/** The JSON of a `BidReceipt`; written by hand because it is made for every accepted bid. */
export function bidReceiptJson({ body }: Answer): string {
  const [bidId, epoch, seq, result, alias, price, minimumBid, endsAt = '', at = ''] =
    body.split(' ');
  return `{"bidId":"${bidId}","epoch":${epoch},"seq":${seq},"result":"${result}","bidder":${alias === '0' ? 'null' : alias},"price":${price},"minimumBid":${minimumBid === '-' ? 'null' : minimumBid},"endsAt":"${isoTime(endsAt)}","serverTime":"${isoTime(at)}"}`;
}

/** The auction as everyone may see it, from an `epoch seq at state` receipt and its terms. */
export function auctionViewFrom({ body, terms }: Answer): AuctionView {
  const [epoch, seq, at = '', ...state] = body.split(' ');
  const standing = { epoch: Number(epoch), seq: Number(seq), state: state.join(' ') };
  return readView(terms, standing, isoTime(at));
}

/**
 * The caller's own view, from an `alias leading maximum bids` receipt: alias 0 before the first bid, with
 * the maximum of an absentee bid; maximum 0 for a bidder who was removed.
 */
export function ownViewFrom({ body }: Answer): OwnView {
  const [alias, leading, maximum, bids] = body.split(' ');
  if (alias !== '0' && maximum === '0') {
    return { alias: Number(alias), leading: false, maxAmount: null, bidCount: 0, removed: true };
  }
  return {
    alias: alias === '0' ? null : Number(alias),
    leading: leading === '1',
    maxAmount: maximum === '0' ? null : Number(maximum),
    bidCount: Number(bids),
  };
}
