import type { Proof } from '@outcry/shared/contracts/history.ts';
import { arrayText } from '@outcry/shared/http/stream-text.ts';
import type { AskHistory } from '../history/ask-history.ts';
import { allOf } from '../history/lists.ts';
import { provenEvents, type Seal } from '../history/proofs.ts';
import { SEAL_FORM } from '../seal/hash-chain.ts';

/** The text of a proof, a thousand events at a time. */
export async function* proofText(
  ask: AskHistory,
  auctionId: string,
  seal: Seal,
): AsyncGenerator<string, void, void> {
  const beginning: Omit<Proof, 'events'> = { form: SEAL_FORM, auctionId, ...seal };
  yield `${JSON.stringify(beginning).slice(0, -1)},"events":`;
  yield* arrayText(allOf((query) => provenEvents(ask, auctionId, query)));
  yield '}\n';
}
