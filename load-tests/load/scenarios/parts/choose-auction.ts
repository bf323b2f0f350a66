/**
 * The auction (its index) of the nth bid or viewer, by number, so that each run is the same. In a
 * popular sale some draw most: the first has about a fifth of all, and the last ones next to nothing.
 */
export function chooseAuction(n: number, auctions: number, popular: boolean): number {
  if (!popular) return n % auctions;
  // The golden ratio's multiples are spread evenly over 0 to 1.
  const share = (n * 0.618_033_988_75) % 1;
  return Math.floor(auctions ** share) - 1;
}
