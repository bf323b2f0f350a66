/** Users, their tokens and their auctions. */
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { OutcryClientOptions } from '@outcry/client/services.ts';
import type { AuctionRequest, Role } from '@outcry/shared/contracts/api.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';

/** Requests on their way at once while something is prepared. */
export const AT_ONCE = 32;
export const DAY_SECONDS = 86_400;

/** So many names, which end in 1, 2, 3 … */
export const named = (who: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${who}-${i + 1}`);

/** Tokens of users who may bid, signed with the system's secret: asking for each takes too long. */
export const bidderTokens = (secret: string, users: readonly string[]): string[] =>
  users.map((user) => signToken(secret, user, ['bidder'], DAY_SECONDS));

/** A client of somebody, with a token from a gateway that gives them to anybody. */
export async function clientOf(
  user: string,
  roles: Role[],
  options: Omit<OutcryClientOptions, 'token'>,
): Promise<OutcryClient> {
  const { token } = await new OutcryClient(options).devToken(user, roles);
  return new OutcryClient({ ...options, token });
}

/**
 * Clients of several users, by name. @param make gives that of one
 * @returns throws Error for a user who was not named
 */
export async function clientsOf(
  users: readonly string[],
  make: (user: string, nth: number) => Promise<OutcryClient>,
): Promise<(user: string) => OutcryClient> {
  const clients = new Map<string, OutcryClient>();
  await eachWithLimit(users, AT_ONCE, async (user, nth) => {
    clients.set(user, await make(user, nth));
  });
  return (user) => {
    const client = clients.get(user);
    if (client === undefined) throw new Error(`there is no client of ${user}`);
    return client;
  };
}

/**
 * Auctions, a bounded number at a time, in the order of the terms.
 * @throws OutcryError when one cannot be created; the signal's reason
 */
export const createAuctions = (
  seller: OutcryClient,
  terms: readonly AuctionRequest[],
  signal?: AbortSignal,
): Promise<string[]> =>
  eachWithLimit(terms, AT_ONCE, async (request) => {
    signal?.throwIfAborted();
    return (await seller.createAuction(request)).id;
  });

/** Terms of an auction that lasts all day, with an increment of one cent; no bid moves its end. */
export const plainTerms = (
  title: string,
  change: Partial<Omit<AuctionRequest, 'item'>> = {},
): AuctionRequest => ({
  item: { title },
  currency: 'EUR',
  startPrice: 1_000,
  durationSeconds: DAY_SECONDS,
  increments: [{ from: 0, by: 1 }],
  softClose: null,
  ...change,
});
