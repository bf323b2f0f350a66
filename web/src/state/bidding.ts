/** Placing bids in one auction: what is under way, and what came of the last attempt. */
import type { BidReceipt, BidRequest, OwnView } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { NOBODY_HIGHER } from '../format/offers.ts';
import { bidRefusalWords, refusalWords } from '../format/refusals.ts';
import { CommandSender, type Command, type Notice, type SendOptions } from './command-sender.ts';
import { forgetPendingBid, keepPendingBid, pendingBid } from './pending-bids.ts';
import type { Services } from './services.ts';
import { signedInAs } from './session.ts';

/**
 * Takes in an accepted bid or purchase.
 * @param offered the amount, the maximum or the price of the purchase, in minor units
 * @returns false when the auction has moved on since, so that the receipt is no longer news
 */
export type OnAccepted = (receipt: BidReceipt, offered: number) => boolean;

/** An older bid is not sent again without asking: much may have changed for its bidder. */
const ASK_AFTER_MS = 120_000;

export class Bidding extends CommandSender<'bid' | 'buy' | 'withdraw'> {
  readonly #feed: Services['feed'];
  readonly #auctionId: string;
  readonly #onAccepted: OnAccepted;
  readonly #onWithdrawn: (own: OwnView) => void;

  constructor(
    { client, feed }: Pick<Services, 'client' | 'feed'>,
    auctionId: string,
    onAccepted: OnAccepted,
    onWithdrawn: (own: OwnView) => void,
  ) {
    super(client);
    this.#feed = feed;
    this.#auctionId = auctionId;
    this.#onAccepted = onAccepted;
    this.#onWithdrawn = onWithdrawn;
  }

  /**
   * @param seenMinimum the minimum bid that the bidder saw; not known of a bid sent before
   * @returns true when the bid was accepted, also when a higher maximum beat it at once
   */
  bid(
    offer: BidRequest,
    currency: string,
    seenMinimum?: number | null,
    options?: SendOptions,
  ): Promise<boolean> {
    const offered = 'amount' in offer ? offer.amount : offer.maxAmount;
    return this.#send(
      {
        kind: 'bid',
        name: `Your bid of ${formatMoney(offered, currency)}`,
        request: (sending) => this.client.bid(this.#auctionId, offer, sending),
        accepted: (receipt) => {
          const isNews = this.#onAccepted(receipt, offered);
          return isNews ? bidWords(receipt, offer, currency) : null;
        },
        refused: (problem) => bidRefusalWords(problem, currency, seenMinimum),
      },
      offer,
      options,
    );
  }

  buyNow(price: number, currency: string, options?: SendOptions): Promise<boolean> {
    return this.#send(
      {
        kind: 'buy',
        name: 'Your purchase',
        request: (sending) => this.client.buyNow(this.#auctionId, sending),
        accepted: (receipt) => {
          this.#onAccepted(receipt, price);
          return {
            tone: 'good',
            title: 'Bought',
            advice: 'The auction is over and the item is yours.',
          };
        },
        refused: (problem) => refusalWords(problem, currency),
      },
      null,
      options,
    );
  }

  /** Takes back the maximum that was left before the start. */
  withdraw(): Promise<boolean> {
    return this.send({
      kind: 'withdraw',
      name: 'Your request',
      request: () => this.client.withdrawBid(this.#auctionId),
      accepted: (own) => {
        this.#onWithdrawn(own);
        return { tone: 'good', title: 'Withdrawn', advice: 'You have left no bid any more.' };
      },
      refused: (problem) => refusalWords(problem),
    });
  }

  /** A bid that was under way when the page was left or loaded again is not forgotten. */
  resume(currency: string): void {
    const userId = signedInAs.peek();
    const pending = userId === undefined ? undefined : pendingBid(userId, this.#auctionId);
    if (pending === undefined) return;
    const { key, offer, sentAt } = pending;
    const isOld = Date.now() - sentAt > ASK_AFTER_MS;
    const options: SendOptions = { key, lost: isOld ? 'ask' : 'find out' };
    if (offer === null) void this.buyNow(0, currency, options);
    else void this.bid(offer, currency, undefined, options);
  }

  async #send(
    command: Command<'bid' | 'buy', BidReceipt>,
    offer: BidRequest | null,
    options: SendOptions = {},
  ): Promise<boolean> {
    const userId = signedInAs.peek() ?? '';
    // Who waits for an answer must know at once when the prices shown are of a dead connection.
    const attended = this.#feed.attend();
    try {
      return await this.send(
        {
          ...command,
          begun: (key) => {
            keepPendingBid(userId, this.#auctionId, { key, offer, sentAt: Date.now() });
          },
          settled: () => forgetPendingBid(userId, this.#auctionId),
        },
        options,
      );
    } finally {
      attended();
    }
  }
}

function bidWords(receipt: BidReceipt, offer: BidRequest, currency: string): Notice {
  const money = (amount: number): string => formatMoney(amount, currency);
  if (receipt.result === 'scheduled') {
    return {
      tone: 'good',
      title: 'Left',
      advice: 'It counts at the start. Until then you can raise or withdraw it.',
    };
  }
  if (receipt.result === 'outbid') {
    return {
      tone: 'bad',
      title: 'Outbid at once',
      advice:
        receipt.minimumBid === null
          ? NOBODY_HIGHER
          : `Someone's maximum is as high or higher. Bid ${money(receipt.minimumBid)} or more.`,
    };
  }
  const advice =
    'maxAmount' in offer
      ? `We bid for you, only as much as needed, up to ${money(offer.maxAmount)}.`
      : `Your bid of ${money(offer.amount)} is the highest.`;
  return { tone: 'good', title: 'You lead', advice };
}
