/** The canonical form of an auction's history: docs/seal.md states it for everyone. Pure. */
import { hash } from 'node:crypto';

/** What the chain takes from an event; the texts are the stored bytes, never re-encoded. */
export interface ChainedEvent {
  readonly publicText: string;
  readonly salt: string;
  readonly privateText: string;
}

/** How many bytes of each link are kept to find the row that does not belong. */
export const LINK_BYTES = 4;

/** The name of the form; it starts every chain, so that no other form gives the same head. */
export const SEAL_FORM = 'outcry-seal-v1';

/** The same where only {@link privateHash} is left of the private part. */
export interface HiddenEvent {
  readonly publicText: string;
  readonly hidden: string;
}

/** What stands for the private part in public: 64 hex digits. */
export const privateHash = ({ salt, privateText }: ChainedEvent): string =>
  hash('sha256', salt + privateText, 'hex');

/** The hash chain over an auction's events, in order. */
export class HashChain {
  #head: string;

  constructor(auctionId: string) {
    this.#head = hash('sha256', `${SEAL_FORM}\n${auctionId}`, 'hex');
  }

  /** After the events added so far: 64 hex digits. */
  get head(): string {
    return this.#head;
  }

  /** Adds the next event and gives the new head. */
  add(event: ChainedEvent | HiddenEvent): string {
    const hidden = 'hidden' in event ? event.hidden : privateHash(event);
    const link = `${this.#head}\n${hidden}\n${event.publicText}`;
    this.#head = hash('sha256', link, 'hex');
    return this.#head;
  }
}
