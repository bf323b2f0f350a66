import type { Proof } from '@outcry/shared/contracts/history.ts';
import { SEAL_FORM } from '../seal/hash-chain.ts';
import type { OpenProof } from '../history/proofs.ts';
import { arrayText } from '@outcry/shared/http/stream-text.ts';

/** The text of a proof, a thousand events at a time. */
export async function* proofText(
  auctionId: string,
  { head, sealedAt, count, events }: OpenProof,
): AsyncGenerator<string, void, void> {
  const beginning: Omit<Proof, 'events'> = { form: SEAL_FORM, auctionId, head, sealedAt, count };
  yield `${JSON.stringify(beginning).slice(0, -1)},"events":`;
  yield* arrayText(events);
  yield '}\n';
}
