/**
 * Viewers over Server-Sent Events. They are read here: k6 hands an answer to its script only when
 * all of it is there, and a stream has no end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { latencies, type Latencies } from './figures.ts';
import type { Setup } from './scenarios/parts/setup.ts';

/** Few: they share the machine with what is measured. */
const VIEWERS = 20;
const SETTLE_MS = 500;
const CONNECT_LIMIT_MS = 10_000;

export interface StreamFigures {
  /** From the instant at which Redis accepted a bid until a viewer has it. */
  readonly latencies: Latencies;
  /** Events that came behind a later one, or a second time. */
  readonly disorder: number;
  /** Events between two that came, which did not. */
  readonly missed: number;
  /** Streams that ended before the run did. */
  readonly lost: number;
}

/**
 * Opens the streams, over the first auctions. @throws Error when one is refused
 *
 * @returns what ends them, and with `leave` waits for the last events and says what was seen
 */
export async function openStreams(broadcasterUrl: string, { auctionIds }: Setup) {
  const closing = new AbortController();
  const seen = { times: new Array<number>(), disorder: 0, missed: 0, lost: 0 };

  async function connect(auctionId: string): Promise<ReadableStream<Uint8Array>> {
    const limit = setTimeout(() => closing.abort(), CONNECT_LIMIT_MS);
    const response = await fetch(`${broadcasterUrl}/v1/auctions/${auctionId}/stream`, {
      signal: closing.signal,
    }).finally(() => clearTimeout(limit));
    if (response.status === 200 && response.body !== null) return response.body;
    throw new Error(`a stream of ${auctionId} was refused: status ${response.status}`);
  }

  async function read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    let at: number | undefined;
    try {
      const decoder = new TextDecoder();
      for await (const bytes of stream) {
        const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) at = take(block, at);
      }
      seen.lost += 1;
    } catch {
      if (!closing.signal.aborted) seen.lost += 1;
    }
  }

  /** @returns where the viewer stands after the block */
  function take(block: string, before: number | undefined): number | undefined {
    const now = Date.now();
    const data = block.split('\n').find((line) => line.startsWith('data:'));
    if (data === undefined) return before;
    const { seq, events } = JSON.parse(data.slice('data:'.length)) as EventsMessage;
    // The first message is the state on connecting.
    if (before === undefined) return seq;
    let last = before;
    for (const event of events) {
      if (event.seq <= last) seen.disorder += 1;
      else seen.missed += event.seq - last - 1;
      last = Math.max(last, event.seq);
      seen.times.push(now - Date.parse(event.at));
    }
    seen.missed += Math.max(0, seq - last);
    return Math.max(last, seq);
  }

  const watched = Array.from(
    { length: VIEWERS },
    (_, i) => auctionIds[i % auctionIds.length] ?? '',
  );
  const reading = (await Promise.all(watched.map(connect))).map(read);
  return {
    close: () => closing.abort(),
    async leave(): Promise<StreamFigures> {
      await pause(SETTLE_MS);
      closing.abort();
      await Promise.all(reading);
      const { times, ...others } = seen;
      return { latencies: latencies(times), ...others };
    },
  };
}
