/** Users, tokens and auctions for measurements of bids. */
import { SignJWT } from 'jose';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { eachWithLimit } from '../each-with-limit.ts';

/**
 * A prime, so that with any round number of auctions another bidder comes to an auction at each
 * pass: a leader who bids again would only raise the own maximum, which changes no price.
 */
export const BIDDERS = 997;
const AT_ONCE = 32;
const DAY_SECONDS = 86_400;

/** Amounts have twelve digits from here on, so that all requests are equally long. */
export const FIRST_AMOUNT = 100_000_000_000;

/** Tokens of users who may bid. */
export async function bidderTokens(gatewayUrl: string, signal: AbortSignal): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl });
  const users = Array.from({ length: BIDDERS }, (_, i) => `bench-bidder-${i + 1}`);
  return eachWithLimit(users, AT_ONCE, async (user) => {
    signal.throwIfAborted();
    return (await client.devToken(user, ['bidder'])).token;
  });
}

/** That many users' tokens, signed here: asking the gateway for each would take too long. */
export const freshTokens = (secret: string, count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      new SignJWT({ roles: ['bidder'] })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(`bench-bidder-${i + 1}`)
        .setExpirationTime('12 h')
        .sign(new TextEncoder().encode(secret)),
    ),
  );

/** Auctions that last all day, with an increment of one cent, where no bid moves the end. */
export async function openAuctions(
  gatewayUrl: string,
  count: number,
  terms: Pick<AuctionRequest, 'startPrice'>,
  signal: AbortSignal,
): Promise<string[]> {
  const { token } = await new OutcryClient({ gatewayUrl }).devToken('bench-seller', ['seller']);
  const client = new OutcryClient({ gatewayUrl, token });
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return eachWithLimit(numbers, AT_ONCE, async (number) => {
    signal.throwIfAborted();
    const auction = await client.createAuction({
      item: { title: `Bench item ${number}` },
      currency: 'EUR',
      startPrice: terms.startPrice,
      durationSeconds: DAY_SECONDS,
      increments: [{ from: 0, by: 1 }],
      softClose: null,
    });
    return auction.id;
  });
}

export const bidsPath = (auctionId: string): string => `/v1/auctions/${auctionId}/bids`;
