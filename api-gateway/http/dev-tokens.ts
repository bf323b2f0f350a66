import { SignJWT } from 'jose';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';

const LIFETIME_MS = 12 * 60 * 60 * 1000;

/** Signs tokens for demo users with the shared secret. Only for AUTH_MODE=dev. */
export function devTokenSigner(secret: string, issuer?: string, audience?: string) {
  const key = new TextEncoder().encode(secret);
  return async (userId: string, roles: readonly string[]) => {
    // A token counts in seconds: both must name the same instant.
    const expiresAt = new Date(Math.floor((wallClockNow() + LIFETIME_MS) / 1000) * 1000);
    const unsigned = new SignJWT({ roles })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime(expiresAt);
    if (issuer !== undefined) unsigned.setIssuer(issuer);
    if (audience !== undefined) unsigned.setAudience(audience);
    return {
      token: await unsigned.sign(key),
      expiresAt: expiresAt.toISOString(),
      expiresIn: LIFETIME_MS / 1_000,
    };
  };
}
