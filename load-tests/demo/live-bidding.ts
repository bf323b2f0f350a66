/** Keeps a few auctions going with simulated bidders, so that there is something to look at. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { errorText } from '../command-line.ts';
import { EBAY_AUCTIONS } from '../data/ebay-auctions.ts';
import type { DemoUsers } from './replay.ts';

const AUCTIONS_AT_ONCE = 6;
const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 180;
const SOFT_CLOSE = { windowSeconds: 10, extendSeconds: 10 };
const LONGEST_PAUSE_MS = 4_000;
/** Nobody pays more than this times what the item brought on eBay. */
const WORTH = 1.3;

/** Runs until the signal; auctions that are open then run out by themselves. */
export async function bidLive(
  users: DemoUsers,
  bidders: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const oneAuction = async (): Promise<void> => {
    const { item, startPrice, closingPrice } = oneOf(EBAY_AUCTIONS);
    const range = LONGEST_SECONDS - SHORTEST_SECONDS;
    const durationSeconds = Math.round(SHORTEST_SECONDS + Math.random() * range);
    const terms = { currency: 'USD', startPrice, durationSeconds, softClose: SOFT_CLOSE };
    const { id } = await users.seller.createAuction({ item: { title: item }, ...terms });
    console.log(`- ${item}: open for ${durationSeconds} s`);
    for (;;) {
      await pause(Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
      const { status, outcome, price, minimumBid } = await users.seller.auction(id);
      if (status !== 'live') {
        console.log(`- ${item}: ${outcome ?? status} at ${(price / 100).toFixed(2)} USD`);
        return;
      }
      if (minimumBid === null || minimumBid > closingPrice * WORTH) continue;
      // Half of the bids are exactly the minimum, the others maximum bids with something in hand.
      const maxAmount = Math.round(minimumBid * (1 + Math.random() / 4));
      const offer = Math.random() < 0.5 ? { amount: minimumBid } : { maxAmount };
      const bid = users.bidder(oneOf(bidders)).bid(id, offer);
      // Somebody was faster, it was the leader's own turn, or a part is away: the next one comes.
      await bid.catch((error: unknown) => {
        if (!(error instanceof OutcryError)) throw error;
      });
    }
  };
  const auctionAfterAuction = async (): Promise<void> => {
    while (!signal.aborted) {
      await oneAuction().catch((error: unknown) => {
        if (!signal.aborted) console.log(`- an auction was given up: ${errorText(error)}`);
      });
    }
  };
  await Promise.all(Array.from({ length: AUCTIONS_AT_ONCE }, auctionAfterAuction));
}

function oneOf<T>(choices: readonly T[]): T {
  const [choice] = choices.slice(Math.floor(Math.random() * choices.length));
  if (choice === undefined) throw new Error('there is nothing to choose from');
  return choice;
}
