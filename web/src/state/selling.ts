/** What the seller can do with an open auction: cancel it before its first bid, and extend it. */
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { sellersRefusalWords } from '../format/refusals.ts';
import { momentText } from '../format/time.ts';
import { serverNow } from './clock.ts';
import { CommandSender } from './command-sender.ts';

export class Selling {
  readonly #sender: CommandSender<'cancel' | 'extend'>;
  readonly #client: OutcryClient;
  readonly #auctionId: string;
  readonly #onChanged: (auction: AuctionView) => void;

  /** @param onChanged gets the auction as it is after each accepted command */
  constructor(client: OutcryClient, auctionId: string, onChanged: (auction: AuctionView) => void) {
    this.#sender = new CommandSender(client);
    this.#client = client;
    this.#auctionId = auctionId;
    this.#onChanged = onChanged;
  }

  get sending() {
    return this.#sender.sending;
  }

  get notice() {
    return this.#sender.notice;
  }

  /** Another user has nothing to do with what this one sent. */
  forgetUser(): void {
    this.#sender.forgetUser();
  }

  cancel(): Promise<boolean> {
    return this.#sender.send({
      kind: 'cancel',
      name: 'Your request',
      request: (options) => this.#client.cancel(this.#auctionId, options),
      accepted: (auction) => {
        this.#onChanged(auction);
        return null;
      },
      refused: sellersRefusalWords,
    });
  }

  /** @param endsAtMs the new end, by the server's clock */
  extend(endsAtMs: number): Promise<boolean> {
    const endsAt = new Date(endsAtMs);
    return this.#sender.send({
      kind: 'extend',
      name: 'Your request',
      request: (options) => this.#client.extend(this.#auctionId, endsAt, options),
      accepted: (auction) => {
        this.#onChanged(auction);
        const moment = momentText(Date.parse(auction.endsAt), serverNow());
        return { tone: 'good', title: 'Extended', advice: `The auction now ends ${moment}.` };
      },
      refused: sellersRefusalWords,
    });
  }
}
