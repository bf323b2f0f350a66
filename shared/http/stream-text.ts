import { setHeader, type Exchange } from './exchange.ts';
import type { StreamedAnswer } from './route.ts';

/**
 * Sends a text while it is read, as fast as the reader takes it: however much there is, no more than two
 * pieces are in memory. When the archive fails half-way the connection is cut, so that nobody takes a
 * part for the whole.
 */
export async function streamText(
  x: Exchange,
  pieces: AsyncGenerator<string, void, void>,
  contentType = 'application/json',
): Promise<StreamedAnswer> {
  // Read before the status is sent: an archive that is away answers 503.
  let next = await pieces.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next.done === true) {
          controller.close();
          return;
        }
        controller.enqueue(encoder.encode(next.value));
        next = await pieces.next();
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 1 },
  );
  setHeader(x, 'content-type', contentType);
  return { status: 200, body };
}

/** A JSON array of what comes in several lists, each item on a line of its own. */
export async function* arrayText(
  lists: AsyncIterable<readonly object[]>,
): AsyncGenerator<string, void, void> {
  let sent = false;
  for await (const list of lists) {
    if (list.length === 0) continue;
    const text = list.map((item) => JSON.stringify(item)).join(',\n');
    yield sent ? `,\n${text}` : `[\n${text}`;
    sent = true;
  }
  yield sent ? '\n]' : '[]';
}
