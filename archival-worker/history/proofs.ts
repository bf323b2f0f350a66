/** Proofs of sealed auctions: everything public, and hashes of the rest. See docs/seal.md. */
import type { ProvenEvent } from '@outcry/shared/contracts/history.ts';
import type { ProofStore, SealedHead } from './ports.ts';

const EVENTS_AT_ONCE = 1_000;

/** A proof whose events are read while they are sent. */
export interface OpenProof extends SealedHead {
  /** At most 1,000 at once. */
  readonly events: AsyncGenerator<readonly ProvenEvent[], void, void>;
}

/** Undefined when the auction is not sealed. */
export async function openProof(
  store: ProofStore,
  auctionId: string,
): Promise<OpenProof | undefined> {
  const seal = await store.seal(auctionId);
  return seal && { ...seal, events: eventsOf(store, auctionId) };
}

async function* eventsOf(store: ProofStore, auctionId: string): OpenProof['events'] {
  let place = { epoch: 0, seq: 0 };
  for (;;) {
    const events = await store.events(auctionId, place, EVENTS_AT_ONCE);
    const last = events.at(-1);
    if (last === undefined) return;
    place = last;
    yield events.map(({ public: text, privateHash }) => ({ public: text, privateHash }));
  }
}
