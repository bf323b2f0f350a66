/** What the runner prepared for a scenario: the file that SETUP names. */
import { SharedArray } from 'k6/data';

/** One bid of a real auction. */
export interface ReplayedBid {
  /** When, in ms after the start of the replay. */
  readonly atMs: number;
  /** Index of the bidder's token. */
  readonly bidder: number;
  readonly maxAmount: number;
}

export interface ReplayedAuction {
  readonly number: number;
  readonly closingPrice: number;
  readonly bids: readonly ReplayedBid[];
}

export interface Setup {
  readonly gatewayUrls: readonly string[];
  /** Unique to the run; part of every idempotency key. */
  readonly run: string;
  /** Bids per second, of the open model. */
  readonly rate: number;
  /** Bidders at once: the most there are in the open model, all in the closed one. */
  readonly vus: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly model: 'open' | 'closed';
  readonly bids: 'exact' | 'maximum' | 'both';
  /** Whether some auctions draw most of the bids. */
  readonly popular: boolean;
  /** When the auctions end, ms since 1970; only for `sniping`. */
  readonly endsAtMs: number | null;
  /** How far an accepted bid moves the end, ms; only for `sniping`. */
  readonly extendMs: number;
  readonly tokens: readonly string[];
  readonly auctionIds: readonly string[];
  /** Only for `replay`; as long as `auctionIds`. */
  readonly replayed: readonly ReplayedAuction[];
}

type Small = Omit<Setup, 'tokens' | 'auctionIds' | 'replayed'>;

/** Read once for all users, not once for each. */
const read = <T>(name: string, part: (setup: Setup) => readonly T[]): readonly T[] =>
  new SharedArray<T>(name, () => [...part(whole())]);

function whole(): Setup {
  const path = __ENV['SETUP'];
  if (path === undefined) {
    throw new Error('scenarios are run by `npm run load`, which prepares their auctions');
  }
  // In k6 `open` reads a file; the types know the browser's function of this name too.
  return JSON.parse((open as (path: string) => string)(path)) as Setup;
}

export const setup: Small = read('setup', (all): Small[] => {
  const { tokens: _tokens, auctionIds: _ids, replayed: _replayed, ...small } = all;
  return [small];
})[0] as Small;
export const tokens = read('tokens', (all) => all.tokens);
export const auctionIds = read('auctions', (all) => all.auctionIds);
export const replayed = read('replayed', (all) => all.replayed);
