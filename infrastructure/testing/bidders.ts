/** Users of a deployed system: requests, an auction, and bidders who go on until they are stopped. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';

export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends JSON and reads JSON. */
export async function send(
  url: string,
  token: string | undefined,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? asRecord(text) : { text } };
}

function asRecord(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** Creates an auction of `sam`, sent again under its key while it gets 503, as the client does; gives its id. */
export async function createAuction(
  gatewayUrl: string,
  secret: string,
  { durationSeconds = 600, attempts = 1 } = {},
): Promise<string> {
  const key = { 'idempotency-key': randomUUID() };
  const token = signToken(secret, 'sam', ['seller']);
  const auction = {
    item: { title: 'Cartier wristwatch' },
    currency: 'USD',
    startPrice: 1_000,
    // However high the price: who offers more than the one before is accepted.
    increments: [{ from: 0, by: 1 }],
    durationSeconds,
  };
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await send(`${gatewayUrl}/v1/auctions`, token, auction, key);
    if (status === 201) return String(body['id']);
    if (status !== 503 || attempt >= attempts) throw new Error(JSON.stringify(body));
    await pause(Number(body['retryAfterMs'] ?? 1_000));
  }
}

export interface AcceptedBid {
  readonly auctionId: string;
  readonly bidId: string;
}

/** How long it took from its first attempt on, in ms, and what the failed attempts got and when. */
export interface SlowestBid {
  readonly ms: number;
  readonly failed: readonly string[];
}

export const NONE_YET: SlowestBid = { ms: 0, failed: [] };

/**
 * Bidders who bid one after the other, each at once, or `pauseMs`, after the answer. A request that fails on its
 * way is sent again under its key, as the client does.
 */
export class Bidders {
  readonly accepted: AcceptedBid[] = [];
  /** Answers other than 201 that reached a bidder, and requests that never got one. */
  readonly failures: string[] = [];
  /** The slowest accepted bid. May be set back. */
  slowest: SlowestBid = NONE_YET;
  #amount = 1_000;
  #stopping = false;
  readonly #running: Promise<void>;

  constructor(
    gatewayUrl: string,
    secret: string,
    auctions: readonly string[],
    { bidders = 8, attempts = 1, pauseMs = 0 } = {},
  ) {
    const lines = Array.from({ length: bidders }, async (_, i) => {
      const token = signToken(secret, `bidder-${i}`, ['bidder']);
      for (let turn = i; !this.#stopping; turn += 1) {
        const auctionId = auctions[turn % auctions.length] ?? '';
        await this.#bid(`${gatewayUrl}/v1/auctions/${auctionId}/bids`, auctionId, token, attempts);
        if (pauseMs > 0) await pause(pauseMs);
      }
    });
    this.#running = Promise.all(lines).then(() => undefined);
  }

  async reach(count: number, withinMs = 20_000): Promise<void> {
    await waitUntil(() => this.accepted.length >= count, {
      withinMs,
      what: `${count} accepted bids`,
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #bid(url: string, auctionId: string, token: string, attempts: number): Promise<void> {
    this.#amount += 100;
    const offer = { maxAmount: this.#amount };
    const key = { 'idempotency-key': randomUUID() };
    const startedAt = performance.now();
    const failed: string[] = [];
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await send(url, token, offer, key).catch(String);
      if (typeof outcome !== 'string' && outcome.status === 201) {
        const ms = performance.now() - startedAt;
        if (ms > this.slowest.ms) this.slowest = { ms, failed };
        this.accepted.push({ auctionId, bidId: String(outcome.body['bidId']) });
        return;
      }
      // A lower offer than a faster bidder's is refused: nothing failed.
      if (typeof outcome !== 'string' && outcome.body['code'] === 'BID_TOO_LOW') return;
      if (typeof outcome !== 'string' && outcome.body['code'] === 'MAX_NOT_RAISED') return;
      const text = typeof outcome === 'string' ? outcome : JSON.stringify(outcome);
      if (attempt >= attempts) {
        this.failures.push(text);
        return;
      }
      const reason = typeof outcome === 'string' ? outcome : String(outcome.body['detail']);
      failed.push(`after ${(performance.now() - startedAt).toFixed(0)} ms: ${reason}`);
      await pause(20 * attempt);
    }
  }
}
