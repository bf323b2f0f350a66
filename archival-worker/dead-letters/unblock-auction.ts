import type { BlockedMarks, KeptLetter } from './ports.ts';

/**
 * Unblocks a letter's auction when no letter of it is left. To be called before the commit that
 * removes the letter: an auction must not stay blocked when its letter is gone. The other way round
 * does no harm, the next delivery of the entry blocks it again.
 * @param left letters of the same auction, without this one
 * @returns whether the auction is no longer blocked
 */
export async function unblockAuction(
  marks: BlockedMarks,
  { auctionId }: KeptLetter,
  left: number,
): Promise<boolean> {
  if (left > 0 || auctionId === undefined) return false;
  await marks.unblock([auctionId]);
  return true;
}
