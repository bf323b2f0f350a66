/**
 * A viewer's network address. Each trusted proxy appends the address it saw to X-Forwarded-For,
 * so the last `trustedProxies` entries are true and anything before them may be made up.
 * @param direct the address of whoever made the connection
 */
export function viewerAddress(
  direct: string,
  forwardedFor: string | string[] | undefined,
  trustedProxies: number,
): string {
  if (trustedProxies === 0 || typeof forwardedFor !== 'string') return direct;
  const chain = forwardedFor.split(',').map((part) => part.trim());
  return chain.at(-trustedProxies) ?? direct;
}
