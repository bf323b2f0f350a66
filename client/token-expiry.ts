/** When a JWT ends by its `exp`, ms since 1970; undefined for one that does not say. */
export function expiryOf(token: string): number | undefined {
  try {
    const [, payload = ''] = token.split('.');
    // Only the number is read, so that letters beyond ASCII may be garbled.
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const isOne = typeof claims === 'object' && claims !== null && 'exp' in claims;
    return isOne && typeof claims.exp === 'number' ? claims.exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
