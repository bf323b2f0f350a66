/** Keeps a few auctions going with simulated bidders, so that there is something to look at. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { DemoUsers } from './demo-users.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import { patiently } from './patience.ts';

const AUCTIONS_AT_ONCE = 6;
const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 180;
const SOFT_CLOSE = { windowSeconds: 10, extendSeconds: 10 };
const LONGEST_PAUSE_MS = 4_000;
/** Nobody pays more than this times what the item brought on eBay. */
const WORTH = 1.3;

export interface LiveTools {
  readonly users: DemoUsers;
  readonly bidders: readonly string[];
  readonly auctions: readonly EbayAuction[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Runs until the signal; auctions that are open then run out by themselves. */
export async function bidLive(tools: LiveTools): Promise<void> {
  await Promise.all(Array.from({ length: AUCTIONS_AT_ONCE }, () => auctionAfterAuction(tools)));
}

async function auctionAfterAuction(tools: LiveTools): Promise<void> {
  const { signal, say } = tools;
  while (!signal.aborted) {
    try {
      await oneAuction(tools);
    } catch (error) {
      if (signal.aborted) return;
      say(`an auction was given up: ${error instanceof Error ? error.message : String(error)}`);
      await quietPause(LONGEST_PAUSE_MS, signal);
    }
  }
}

async function oneAuction({ users, bidders, auctions, signal, say }: LiveTools): Promise<void> {
  const ebay = oneOf(auctions);
  const seconds = SHORTEST_SECONDS + Math.random() * (LONGEST_SECONDS - SHORTEST_SECONDS);
  const opened = await users.seller.createAuction({
    item: { title: ebay.item },
    currency: 'USD',
    startPrice: ebay.startPrice,
    durationSeconds: Math.round(seconds),
    softClose: SOFT_CLOSE,
  });
  say(`${ebay.item}: open for ${Math.round(seconds)} s`);
  const limit = ebay.closingPrice * WORTH;
  for (;;) {
    await pause(Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
    const auction = await patiently(() => users.seller.auction(opened.id), signal);
    if (auction.status !== 'live') {
      say(`${ebay.item}: ${auction.outcome ?? auction.status} at ${priceText(auction)}`);
      return;
    }
    const { minimumBid } = auction;
    if (minimumBid !== null && minimumBid <= limit) {
      await placeBid(auction.id, minimumBid, users, oneOf(bidders));
    }
  }
}

/** Half of the bids are exactly the minimum, the others maximum bids with something in hand. */
async function placeBid(
  id: string,
  minimumBid: number,
  users: DemoUsers,
  bidder: string,
): Promise<void> {
  const offer =
    Math.random() < 0.5
      ? { amount: minimumBid }
      : { maxAmount: Math.round(minimumBid * (1 + Math.random() / 4)) };
  try {
    await users.bidder(bidder).bid(id, offer);
  } catch (error) {
    // Somebody was faster, it was the leader's own turn, or a part is away: the next one comes.
    if (!(error instanceof OutcryError)) throw error;
  }
}

const priceText = ({ price, currency }: AuctionView): string =>
  `${(price / 100).toFixed(2)} ${currency}`;

function oneOf<T>(choices: readonly T[]): T {
  const [choice] = choices.slice(Math.floor(Math.random() * choices.length));
  if (choice === undefined) throw new Error('there is nothing to choose from');
  return choice;
}

const quietPause = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);
