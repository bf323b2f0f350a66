import type { Proof, ProvenEvent } from '@outcry/shared/contracts/history.ts';
import { setHeader, type Exchange } from '@outcry/shared/http/exchange.ts';
import type { StreamedAnswer } from '@outcry/shared/http/route.ts';
import { SEAL_FORM } from '../seal/hash-chain.ts';
import type { OpenProof } from '../history/proofs.ts';

/**
 * Sends a proof while it is read: as many events as there are, in the memory of a thousand. It
 * goes on as fast as the reader takes it. When the archive fails half-way the connection is cut,
 * so that nobody takes a part for the whole.
 */
export async function sendProof(
  x: Exchange,
  auctionId: string,
  proof: OpenProof,
): Promise<StreamedAnswer> {
  const { head, sealedAt, count, events } = proof;
  // Read before the status is sent: an archive that is away answers 503.
  let next = await events.next();
  const beginning: Omit<Proof, 'events'> = { form: SEAL_FORM, auctionId, head, sealedAt, count };
  const encoder = new TextEncoder();
  let sent = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next.done === true) {
          controller.enqueue(encoder.encode(sent ? '\n]}\n' : `${open(beginning)}]}\n`));
          controller.close();
          return;
        }
        const text = linesOf(next.value);
        controller.enqueue(encoder.encode(sent ? `,\n${text}` : `${open(beginning)}\n${text}`));
        sent = true;
        next = await events.next();
      },
      async cancel() {
        await events.return();
      },
    },
    { highWaterMark: 1 },
  );
  setHeader(x, 'content-type', 'application/json');
  return { status: 200, body };
}

const open = (beginning: object): string => `${JSON.stringify(beginning).slice(0, -1)},"events":[`;

const linesOf = (events: readonly ProvenEvent[]): string =>
  events.map((event) => JSON.stringify(event)).join(',\n');
