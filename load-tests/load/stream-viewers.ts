/**
 * Viewers over Server-Sent Events. They are read here: k6 hands an answer to its script only when
 * all of it is there, and a stream has no end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import type { Setup } from './scenarios/parts/setup.ts';
import { latencies, type Latencies } from './figures.ts';

/** Few: they share the machine with what is measured. */
const VIEWERS = 20;
const SETTLE_MS = 500;
const CONNECT_LIMIT_MS = 10_000;

export interface StreamFigures {
  readonly viewers: number;
  /** From the instant at which Redis accepted a bid until a viewer has it. */
  readonly latencies: Latencies;
  /** Events that came behind a later one, or a second time. */
  readonly disorder: number;
  /** Events between two that came, which did not. */
  readonly missed: number;
  /** Streams that ended before the run did. */
  readonly lost: number;
}

export class StreamViewers {
  readonly #closing = new AbortController();
  readonly #times: number[] = [];
  #reading: Promise<void>[] = [];
  #disorder = 0;
  #missed = 0;
  #lost = 0;

  /** Opens the streams, over the first auctions. @throws Error when one is refused */
  static async open(broadcasterUrl: string, setup: Setup): Promise<StreamViewers> {
    const viewers = new StreamViewers();
    const numbers = Array.from({ length: VIEWERS }, (_, i) => i);
    const streams = await Promise.all(
      numbers.map((i) =>
        viewers.#connect(broadcasterUrl, setup.auctionIds[i % setup.auctionIds.length] ?? ''),
      ),
    );
    viewers.#reading = streams.map((stream) => viewers.#read(stream));
    return viewers;
  }

  /** Waits for the last events. @returns what was seen */
  async leave(): Promise<StreamFigures> {
    await pause(SETTLE_MS);
    this.close();
    await Promise.all(this.#reading);
    return {
      viewers: VIEWERS,
      latencies: latencies(this.#times),
      disorder: this.#disorder,
      missed: this.#missed,
      lost: this.#lost,
    };
  }

  close(): void {
    this.#closing.abort();
  }

  async #connect(broadcasterUrl: string, auctionId: string): Promise<ReadableStream<Uint8Array>> {
    const limit = setTimeout(() => this.close(), CONNECT_LIMIT_MS);
    const response = await fetch(`${broadcasterUrl}/v1/auctions/${auctionId}/stream`, {
      signal: this.#closing.signal,
    }).finally(() => clearTimeout(limit));
    if (response.status === 200 && response.body !== null) return response.body;
    throw new Error(`a stream of ${auctionId} was refused: status ${response.status}`);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    let at: number | undefined;
    try {
      const decoder = new TextDecoder();
      for await (const bytes of stream) {
        const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) at = this.#take(block, at);
      }
      this.#lost += 1;
    } catch {
      if (!this.#closing.signal.aborted) this.#lost += 1;
    }
  }

  /** @returns where the viewer stands after the block */
  #take(block: string, before: number | undefined): number | undefined {
    const now = Date.now();
    const data = block.split('\n').find((line) => line.startsWith('data:'));
    if (data === undefined) return before;
    const { seq, events } = JSON.parse(data.slice('data:'.length)) as EventsMessage;
    // The first message is the state on connecting.
    if (before === undefined) return seq;
    let last = before;
    for (const event of events) {
      if (event.seq <= last) this.#disorder += 1;
      else this.#missed += event.seq - last - 1;
      last = Math.max(last, event.seq);
      this.#times.push(now - Date.parse(event.at));
    }
    this.#missed += Math.max(0, seq - last);
    return Math.max(last, seq);
  }
}
