/** Proofs of sealed auctions: everything public, and hashes of the rest. See docs/seal.md. */
import type { ProvenEvent } from '@outcry/shared/contracts/history.ts';
import type { ProofStore, SealedHead } from './ports.ts';

const EVENTS_AT_ONCE = 1_000;

/** A proof whose events are read while they are sent. */
export interface OpenProof extends SealedHead {
  /** At most 1,000 at once. */
  readonly events: AsyncGenerator<readonly ProvenEvent[], void, void>;
}

export class Proofs {
  readonly #store: ProofStore;

  constructor(store: ProofStore) {
    this.#store = store;
  }

  /** Undefined when the auction is not sealed. */
  async open(auctionId: string): Promise<OpenProof | undefined> {
    const seal = await this.#store.seal(auctionId);
    return seal === undefined ? undefined : { ...seal, events: this.#events(auctionId) };
  }

  async *#events(auctionId: string): AsyncGenerator<readonly ProvenEvent[], void, void> {
    let place = { epoch: 0, seq: 0 };
    for (;;) {
      const events = await this.#store.events(auctionId, place, EVENTS_AT_ONCE);
      const last = events.at(-1);
      if (last === undefined) return;
      place = last;
      yield events.map(({ public: text, privateHash }) => ({ public: text, privateHash }));
    }
  }
}
