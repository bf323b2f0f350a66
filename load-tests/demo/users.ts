/** The demo's users: a seller and bidders whose ids no other run uses, and who never give up. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import { clientOf } from '../crowd/people.ts';
import type { RunningSystem } from './find-system.ts';

const TOKENS_AT_ONCE = 8;
/** How long one request is repeated before the demo gives up. */
const PATIENCE_MS = 60_000;
const ATTEMPT_MS = 5_000;
const PAUSE_MS = 250;

export interface DemoUsers {
  readonly seller: OutcryClient;
  /** The client of `bidder-N`. @throws Error for a bidder who was not named before */
  bidder(name: string): OutcryClient;
  /** Requests that got no usable answer and were sent again. */
  resent(): number;
}

/**
 * Gets a token for everybody.
 * @param run unique to this run; part of every user id
 */
export async function createDemoUsers(
  { gatewayUrl, historyUrl }: RunningSystem,
  run: string,
  bidders: readonly string[],
  signal: AbortSignal,
): Promise<DemoUsers> {
  let resent = 0;
  /** Repeats a request, which has one idempotency key, however long a part of the system is away. */
  async function untilAnswered(url: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const once = { ...init, signal: AbortSignal.timeout(ATTEMPT_MS) };
      const response = await fetch(url, once).catch(() => undefined);
      if (response !== undefined && response.status < 500 && response.status !== 429) {
        return response;
      }
      await response?.body?.cancel();
      resent += 1;
      await pause(PAUSE_MS, undefined, { signal });
      init.signal?.throwIfAborted();
    }
  }
  const how = { fetch: untilAnswered, timeoutMs: PATIENCE_MS, retries: 0 };
  const connection = { gatewayUrl, historyUrl, ...how };
  const clients = new Map<string, OutcryClient>();
  await eachWithLimit(bidders, TOKENS_AT_ONCE, async (name) => {
    clients.set(name, await clientOf(`${run}-${name}`, ['bidder'], connection));
  });
  return {
    seller: await clientOf(`${run}-seller`, ['seller'], connection),
    bidder(name) {
      const client = clients.get(name);
      if (client === undefined) throw new Error(`there is no bidder ${name}`);
      return client;
    },
    resent: () => resent,
  };
}
