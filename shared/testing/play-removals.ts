/** Random auctions from which bidders are removed, straight on a Redis. */
import type { ScriptedAuctions } from './decide-script.ts';
import { until } from './until.ts';

const STEPS = 20;
const BIDDERS = 5;
const SHORT_MS = 400;

/**
 * Plays an auction from which bidders are removed at random points; where it ends, after its end too.
 * @param random as `seeded` gives it
 * @param created is awaited when the auction is there
 */
export async function playRemovals(
  auctions: ScriptedAuctions,
  auctionId: string,
  random: () => number,
  ends: boolean,
  created: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const remove = () => {
    const alias = 1 + below(BIDDERS);
    return auctions.manage(auctionId, 'remove', { userId: 'ada', alias, reason: 'No card' });
  };
  await auctions.create(auctionId, {
    ...(below(2) === 0 && { reservePrice: 2_000 + below(4_000) }),
    ...(ends && { durationMs: SHORT_MS }),
  });
  await created();
  for (let step = 1; step <= STEPS; step += 1) {
    const kind = below(20);
    const userId = `user-${below(2 * BIDDERS)}`;
    const offer = 1_000 + below(500 * step);
    if (kind < 3) await remove();
    else if (kind === 3) await auctions.manage(auctionId, 'pause', { userId: 'seller' });
    else if (kind === 4) await auctions.manage(auctionId, 'resume', { userId: 'seller' });
    else
      await auctions.bid(auctionId, {
        userId,
        ...(below(2) ? { amount: offer } : { maxAmount: offer }),
      });
  }
  const resume = () => auctions.manage(auctionId, 'resume', { userId: 'seller' });
  await resume();
  if (!ends) return;
  await until(
    'it has ended',
    async () => (await resume())[0]?.startsWith('+AUCTION_ENDED') === true,
  );
  await remove();
  await remove();
}
