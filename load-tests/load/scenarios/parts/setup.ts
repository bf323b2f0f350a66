/** What the runner prepared for a scenario: the file that SETUP names. */
import { SharedArray } from 'k6/data';
import type { Setup } from '../../run-load.ts';

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
