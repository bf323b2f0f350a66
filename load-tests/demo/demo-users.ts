/** The demo's users: a seller and bidders whose ids no other run uses. */
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Role } from '@outcry/shared/contracts/api.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import { patiently } from './patience.ts';

const TOKENS_AT_ONCE = 8;

export interface DemoUsers {
  readonly seller: OutcryClient;
  /** The client of `bidder-N`. @throws Error for a bidder who was not named before */
  bidder(name: string): OutcryClient;
  /** Requests that got no usable answer and were sent again. */
  resent(): number;
}

export interface UserOptions {
  readonly gatewayUrl: string;
  readonly historyUrl: string;
  /** Unique to this run; part of every user id. */
  readonly run: string;
  readonly bidders: readonly string[];
  readonly signal: AbortSignal;
}

/** Gets a token for everybody. */
export async function createDemoUsers(options: UserOptions): Promise<DemoUsers> {
  const { gatewayUrl, historyUrl, run, bidders, signal } = options;
  let resent = 0;
  const countingFetch = async (url: string, init: RequestInit): Promise<Response> => {
    try {
      const response = await fetch(url, init);
      if (response.status >= 500 || response.status === 429) resent += 1;
      return response;
    } catch (error) {
      resent += 1;
      throw error;
    }
  };
  const connection = { gatewayUrl, historyUrl, fetch: countingFetch };
  const nobody = new OutcryClient(connection);
  const clientOf = async (userId: string, role: Role): Promise<OutcryClient> => {
    const { token } = await patiently(() => nobody.devToken(userId, [role]), signal);
    return new OutcryClient({ ...connection, token });
  };

  const seller = await clientOf(`${run}-seller`, 'seller');
  const clients = await eachWithLimit(bidders, TOKENS_AT_ONCE, (name) =>
    clientOf(`${run}-${name}`, 'bidder'),
  );
  const byName = new Map(bidders.map((name, i) => [name, clients[i]]));
  return {
    seller,
    bidder(name) {
      const client = byName.get(name);
      if (client === undefined) throw new Error(`there is no bidder ${name}`);
      return client;
    },
    resent: () => resent,
  };
}
