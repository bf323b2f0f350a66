/** Turns the script's compact receipts into the bodies of HTTP answers. */
import { readAuctionView, type AuctionView, type OwnView } from '@outcry/shared/contracts/api.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { Answer } from './auction-commands.ts';

/**
 * Reads `+CODE|body` (decided now) or `=CODE|body` (replayed).
 * @throws Error when the script answered something else, which is a defect
 */
export function parseAnswer(text: string): Answer {
  const bar = text.indexOf('|');
  const code = text.slice(1, bar);
  if (code !== 'OK' && !isRefusalCode(code)) throw new Error(`unknown answer: ${text}`);
  return { code, replayed: text.startsWith('='), body: text.slice(bar + 1) };
}

/** The JSON of a `BidReceipt`; written by hand because it is made for every accepted bid. */
export function bidReceiptJson(receipt: string): string {
  const [bidId, epoch, seq, result, alias, price, minimumBid, endsAt, at] = receipt.split('|');
  return `{"bidId":"${bidId}","epoch":${epoch},"seq":${seq},"result":"${result}","bidder":${alias},"price":${price},"minimumBid":${minimumBid === '' ? 'null' : minimumBid},"endsAt":"${isoTime(endsAt)}","serverTime":"${isoTime(at)}"}`;
}

/** The auction as everyone may see it, from an `epoch|seq|at|state` receipt and its terms. */
export function auctionViewFrom(receipt: string, termsText: string): AuctionView {
  const [epoch, seq, at] = receipt.split('|', 3);
  const state = receipt.slice(receipt.indexOf('{'));
  return readAuctionView(termsText, state, {
    epoch: Number(epoch),
    seq: Number(seq),
    serverTime: isoTime(at),
  });
}

/** The caller's own view, from an `alias|leading|maximum|bids` receipt. */
export function ownViewFrom(receipt: string): OwnView {
  const [alias = '', leading, maximum, bids] = receipt.split('|');
  const hasBid = alias !== '';
  return {
    alias: hasBid ? Number(alias) : null,
    leading: leading === '1',
    maxAmount: hasBid ? Number(maximum) : null,
    bidCount: Number(bids),
  };
}

/** The answers of a batch name the same two times; formatting a date costs more than remembering. */
const knownTimes = new Map<string, string>();
const MAX_KNOWN_TIMES = 1_000;

function isoTime(ms = ''): string {
  const known = knownTimes.get(ms);
  if (known !== undefined) return known;
  if (knownTimes.size >= MAX_KNOWN_TIMES) knownTimes.clear();
  const text = new Date(Number(ms)).toISOString();
  knownTimes.set(ms, text);
  return text;
}
