/** Placing bids in one auction: what is under way, and what came of the last attempt. */
import { signal } from '@preact/signals';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { BidReceipt, BidRequest } from '@outcry/shared/contracts/api.ts';
import { formatMoney } from '../format/money.ts';
import { refusalWords } from '../format/refusals.ts';
import { problemOf } from './problem-of.ts';
import { asUser } from './session.ts';

/** What the bidder is told; it stays until the next attempt or until it is no longer true. */
export interface BidNotice {
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly advice: string;
  /** Sends the same request again; it can never count twice. */
  readonly retry?: () => Promise<void>;
}

/** Called with each accepted bid and the sum that was offered. */
export type OnAccepted = (receipt: BidReceipt, offered: number) => void;

interface Command {
  readonly kind: 'bid' | 'buy';
  readonly request: (idempotencyKey: string | undefined) => Promise<BidReceipt>;
  readonly words: (receipt: BidReceipt) => BidNotice;
  /** Minor units. */
  readonly offered: number;
  readonly currency: string;
}

export class Bidding {
  /** What is being sent right now. */
  readonly sending = signal<'bid' | 'buy' | null>(null);
  readonly notice = signal<BidNotice | null>(null);
  readonly #client: OutcryClient;
  readonly #auctionId: string;
  readonly #onAccepted: OnAccepted;

  constructor(client: OutcryClient, auctionId: string, onAccepted: OnAccepted) {
    this.#client = client;
    this.#auctionId = auctionId;
    this.#onAccepted = onAccepted;
  }

  /** @returns true when the bid was accepted, also when a higher maximum beat it at once */
  bid(offer: BidRequest, currency: string): Promise<boolean> {
    return this.#send({
      kind: 'bid',
      request: (idempotencyKey) => this.#client.bid(this.#auctionId, offer, { idempotencyKey }),
      words: (receipt) => bidWords(receipt, offer, currency),
      offered: 'amount' in offer ? offer.amount : offer.maxAmount,
      currency,
    });
  }

  buyNow(price: number, currency: string): Promise<boolean> {
    return this.#send({
      kind: 'buy',
      request: (idempotencyKey) => this.#client.buyNow(this.#auctionId, { idempotencyKey }),
      words: () => ({
        tone: 'good',
        title: 'Bought',
        advice: 'The auction is over and the item is yours.',
      }),
      offered: price,
      currency,
    });
  }

  async #send(command: Command, key?: string): Promise<boolean> {
    // A second press of the button while the first is under way is not a second bid.
    if (this.sending.peek() !== null) return false;
    this.sending.value = command.kind;
    this.notice.value = null;
    try {
      const receipt = await asUser(this.#client, () => command.request(key));
      this.notice.value = command.words(receipt);
      this.#onAccepted(receipt, command.offered);
      return true;
    } catch (error) {
      this.notice.value = this.#refusal(error, command);
      return false;
    } finally {
      this.sending.value = null;
    }
  }

  #refusal(error: unknown, command: Command): BidNotice {
    const { title, advice, canRetry } = refusalWords(problemOf(error), command.currency);
    const key = error instanceof OutcryError ? error.idempotencyKey : undefined;
    const retry = async (): Promise<void> => {
      await this.#send(command, key);
    };
    return { tone: 'bad', title, advice, ...(canRetry ? { retry } : {}) };
  }
}

function bidWords(receipt: BidReceipt, offer: BidRequest, currency: string): BidNotice {
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
