/**
 * What sellers can do: with an open auction cancel it before its first bid, extend, pause and resume it;
 * and put an item up, again where nobody bought it.
 */
import type { CommandOptions } from '@outcry/client/http-transport.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { AuctionRequest, AuctionView, ItemRequest } from '@outcry/shared/contracts/api.ts';
import type { AuctionTerms, OwnAuction } from '@outcry/shared/contracts/history.ts';
import { sellersRefusalWords } from '../format/refusals.ts';
import { momentOf, serverNow } from './clock.ts';
import { CommandSender, type KeyedOptions, type Notice } from './command-sender.ts';
import { relistRequest } from './sell-again.ts';

export class Selling extends CommandSender<'cancel' | 'extend' | 'pause' | 'resume' | 'relist'> {
  readonly #auctionId: string;
  readonly #onChanged: (auction: AuctionView) => void;

  /** @param onChanged gets the auction as it is after each accepted command */
  constructor(client: OutcryClient, auctionId: string, onChanged: (auction: AuctionView) => void) {
    super(client);
    this.#auctionId = auctionId;
    this.#onChanged = onChanged;
  }

  cancel(): Promise<boolean> {
    return this.#do('cancel', (options) => this.client.cancel(this.#auctionId, options));
  }

  /** @param reason what viewers read */
  pause(reason: string): Promise<boolean> {
    return this.#do('pause', (options) => this.client.pause(this.#auctionId, reason, options));
  }

  resume(): Promise<boolean> {
    return this.#do('resume', (options) => this.client.resume(this.#auctionId, options));
  }

  /** @param endsAtMs the new end, by the server's clock */
  extend(endsAtMs: number): Promise<boolean> {
    const request = (options: CommandOptions) =>
      this.client.extend(this.#auctionId, new Date(endsAtMs), options);
    return this.#do('extend', request, (auction) => {
      this.#onChanged(auction);
      const advice = `The auction now ends ${momentOf(auction.endsAt)}.`;
      return { tone: 'good', title: 'Extended', advice };
    });
  }

  /** The same item by the same terms, from now on. @param onUp gets the new auction */
  relist(
    auction: OwnAuction,
    terms: AuctionTerms,
    onUp: (auction: AuctionView) => void,
  ): Promise<boolean> {
    const request = (options: KeyedOptions) =>
      sellItem(this.client, auction.item, relistRequest(auction, terms, serverNow()), options);
    return this.#do('relist', request, (created) => {
      onUp(created);
      return null;
    });
  }

  /** Most of what came of it the page shows. */
  #do(
    kind: 'cancel' | 'extend' | 'pause' | 'resume' | 'relist',
    request: (options: KeyedOptions) => Promise<AuctionView>,
    accepted: (auction: AuctionView) => Notice | null = (auction) => {
      this.#onChanged(auction);
      return null;
    },
  ): Promise<boolean> {
    return this.send({
      kind,
      name: 'Your request',
      request,
      accepted,
      refused: sellersRefusalWords,
    });
  }
}

/**
 * Puts an item up. Of one that the gateway still knows by its id it is sure that it has no other open
 * auction; one that it has forgotten is made anew.
 */
export async function sellItem(
  client: OutcryClient,
  { id, ...item }: ItemRequest & { readonly id?: string | undefined },
  terms: Omit<AuctionRequest, 'item' | 'itemId'>,
  options: KeyedOptions,
): Promise<AuctionView> {
  if (id === undefined) return client.createAuction({ item, ...terms }, options);
  try {
    return await client.createAuction({ itemId: id, ...terms }, options);
  } catch (error) {
    if (!(error instanceof OutcryError) || error.code !== 'ITEM_NOT_FOUND') throw error;
    // Another request, so it has another key, and the same one at each try.
    const idempotencyKey = `${options.idempotencyKey}-item`;
    return client.createAuction({ item, ...terms }, { ...options, idempotencyKey });
  }
}
