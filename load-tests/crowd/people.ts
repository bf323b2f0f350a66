/** Users, their tokens and their auctions. */
import { SignJWT } from 'jose';
import { OutcryClient, type OutcryClientOptions } from '@outcry/client/outcry-client.ts';
import type { AuctionRequest, Role } from '@outcry/shared/contracts/api.ts';
import { eachWithLimit } from './each-with-limit.ts';

const AT_ONCE = 32;
export const DAY_SECONDS = 86_400;

/** The users' tokens, from a gateway that gives them to anybody. */
export async function tokensOf(
  gatewayUrl: string,
  users: readonly string[],
  roles: Role[],
  signal?: AbortSignal,
): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl });
  return eachWithLimit(users, AT_ONCE, async (user) => {
    signal?.throwIfAborted();
    return (await client.devToken(user, roles)).token;
  });
}

/** Tokens of users who may bid, signed here: asking the gateway for each would take too long. */
export const freshTokens = (secret: string, users: readonly string[]): Promise<string[]> =>
  Promise.all(
    users.map((user) =>
      new SignJWT({ roles: ['bidder'] })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(user)
        .setExpirationTime('12 h')
        .sign(new TextEncoder().encode(secret)),
    ),
  );

/** A client of somebody. */
export async function clientOf(
  user: string,
  roles: Role[],
  options: Omit<OutcryClientOptions, 'token'>,
): Promise<OutcryClient> {
  const { token } = await new OutcryClient(options).devToken(user, roles);
  return new OutcryClient({ ...options, token });
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
