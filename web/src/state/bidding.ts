/** Placing bids in one auction: what is under way, and what came of the last attempt. */
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { BidReceipt, BidRequest } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { refusalWords } from '../format/refusals.ts';
import { CommandSender, type Notice } from './command-sender.ts';

/**
 * Takes in an accepted bid or purchase.
 * @param offered the amount, the maximum or the price of the purchase, in minor units
 * @returns false when the auction has moved on since, so that the receipt is no longer news
 */
export type OnAccepted = (receipt: BidReceipt, offered: number) => boolean;

export class Bidding {
  readonly #sender: CommandSender<'bid' | 'buy'>;
  readonly #client: OutcryClient;
  readonly #auctionId: string;
  readonly #onAccepted: OnAccepted;

  constructor(client: OutcryClient, auctionId: string, onAccepted: OnAccepted) {
    this.#sender = new CommandSender(client);
    this.#client = client;
    this.#auctionId = auctionId;
    this.#onAccepted = onAccepted;
  }

  get sending() {
    return this.#sender.sending;
  }

  get notice() {
    return this.#sender.notice;
  }

  /** @returns true when the bid was accepted, also when a higher maximum beat it at once */
  bid(offer: BidRequest, currency: string): Promise<boolean> {
    return this.#sender.send({
      kind: 'bid',
      request: (idempotencyKey) => this.#client.bid(this.#auctionId, offer, { idempotencyKey }),
      accepted: (receipt) => {
        const offered = 'amount' in offer ? offer.amount : offer.maxAmount;
        const isNews = this.#onAccepted(receipt, offered);
        return isNews ? bidWords(receipt, offer, currency) : null;
      },
      refused: (problem) => refusalWords(problem, currency),
    });
  }

  buyNow(price: number, currency: string): Promise<boolean> {
    return this.#sender.send({
      kind: 'buy',
      request: (idempotencyKey) => this.#client.buyNow(this.#auctionId, { idempotencyKey }),
      accepted: (receipt) => {
        this.#onAccepted(receipt, price);
        return {
          tone: 'good',
          title: 'Bought',
          advice: 'The auction is over and the item is yours.',
        };
      },
      refused: (problem) => refusalWords(problem, currency),
    });
  }
}

function bidWords(receipt: BidReceipt, offer: BidRequest, currency: string): Notice {
  const money = (amount: number): string => formatMoney(amount, currency);
  if (receipt.result === 'outbid') {
    return {
      tone: 'bad',
      title: 'Outbid at once',
      advice: `Someone's maximum is as high or higher. Bid ${money(receipt.minimumBid)} or more.`,
    };
  }
  const advice =
    'maxAmount' in offer
      ? `We bid for you, only as much as needed, up to ${money(offer.maxAmount)}.`
      : `Your bid of ${money(offer.amount)} is the highest.`;
  return { tone: 'good', title: 'You lead', advice };
}
