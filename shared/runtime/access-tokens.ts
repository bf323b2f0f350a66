/** Checks access tokens (JWT): HS256 with a shared secret, or the keys of a JWKS address. */
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { CommonSettings } from './config.ts';
import type { Logger } from './logger.ts';
import { signOutMark, type SignIn } from './sign-outs.ts';
import { rolesOf, userIdOf, type ClaimSettings } from './token-claims.ts';
import { isCompactToken } from './token-form.ts';
import { openTokenKeys, TokenKeysUnavailableError } from './token-keys.ts';
import { wallClockNow } from './wall-clock.ts';

export interface Caller extends SignIn {
  readonly userId: string;
  readonly roles: ReadonlySet<string>;
  /** Expiry, ms since 1970. */
  readonly expiresAt: number;
}

/** The token is missing, malformed, expired or not signed by us; the message is for the client. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** The token is from before its user signed out everywhere. */
export class SignedOutError extends TokenError {
  constructor() {
    super('its user has signed out everywhere');
  }
}

export type VerifyToken = (token: string) => Caller | Promise<Caller>;

const CLOCK_TOLERANCE_SECONDS = 5;
/** Of tokens that are remembered: some 50,000 with usual names and roles. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** What a remembered token takes beside its texts, and each role beside its own, roughly. */
const ENTRY_BYTES = 450;
const ROLE_BYTES = 64;
const MAX_TOKEN_CHARACTERS = 8_192;

type TokenSettings = ClaimSettings &
  Pick<CommonSettings, 'JWT_JWKS_URL' | 'JWT_ALGORITHMS' | 'JWT_ISSUER' | 'JWT_AUDIENCE'>;

/**
 * Makes the verifier. A verified token is remembered until it expires, so that a hot
 * bidder costs one signature check an hour and not one a bid; when a key was withdrawn, none counts
 * any more unless it is good by the keys that are left.
 * @param refuses whether the token's user has signed out since; asked each time
 * @throws Error when no token could ever be checked
 * @returns a function that gives the caller, or throws {@link TokenError} or
 *   {@link TokenKeysUnavailableError}
 */
export async function createTokenVerifier(
  settings: TokenSettings,
  log: Logger,
  refuses: (signIn: SignIn) => boolean = () => false,
): Promise<VerifyToken> {
  const keys = await openTokenKeys(settings, log);
  const verified = verifiedTokens();
  let generation = keys.generation;

  const verify = async (token: string): Promise<Caller> => {
    if (!isCompactToken(token)) throw new TokenError('the token is not valid');
    const checkedBy = keys.generation;
    let payload;
    try {
      ({ payload } = await jwtVerify(token, keys.get, {
        algorithms: [...keys.algorithms],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: [settings.JWT_USER_CLAIM, 'exp'],
        ...(settings.JWT_ISSUER === undefined ? {} : { issuer: settings.JWT_ISSUER }),
        ...(settings.JWT_AUDIENCE === undefined ? {} : { audience: settings.JWT_AUDIENCE }),
      }));
    } catch (error) {
      if (error instanceof TokenKeysUnavailableError) throw error;
      throw new TokenError(reasonOf(error));
    }
    const userId = userIdOf(payload, settings);
    if (userId === undefined || payload.exp === undefined) {
      throw new TokenError(`the token's "${settings.JWT_USER_CLAIM}" names no user`);
    }
    const caller: Caller = {
      userId,
      roles: rolesOf(payload, settings),
      expiresAt: payload.exp * 1000,
      mark: signOutMark(userId),
      signedInAt: signedInAt(payload),
    };
    if (checkedBy === keys.generation) verified.set(token, caller);
    return unlessSignedOut(caller);
  };

  const unlessSignedOut = (caller: Caller): Caller => {
    if (refuses(caller)) throw new SignedOutError();
    return caller;
  };

  const callerOf = (token: string): Caller | Promise<Caller> => {
    if (token.length > MAX_TOKEN_CHARACTERS) throw new TokenError('the token is too long');
    if (generation !== keys.generation) verified.clear();
    generation = keys.generation;
    const known = verified.get(token);
    if (known !== undefined) {
      if (known.expiresAt + CLOCK_TOLERANCE_SECONDS * 1000 > wallClockNow()) {
        return unlessSignedOut(known);
      }
      verified.delete(token);
    }
    return verify(token);
  };

  return (token) => {
    const overdue = keys.recheck();
    if (overdue !== undefined) return overdue.then(() => callerOf(token));
    return callerOf(token);
  };
}

/**
 * When the user signed in (`auth_time`, RFC 9068), ms since 1970; without it, when the token was given,
 * which a refresh token makes later.
 */
const signedInAt = ({ auth_time: signedIn, iat }: JWTPayload): number =>
  1000 * (typeof signedIn === 'number' ? signedIn : (iat ?? 0));

/** Callers by their token; the least recently used make room. */
export const verifiedTokens = (maxBytes = MAX_CACHED_BYTES): LRUCache<string, Caller> =>
  new LRUCache({ maxSize: maxBytes, sizeCalculation: bytesOf });

function bytesOf({ userId, roles }: Caller, token: string): number {
  let bytes = ENTRY_BYTES + token.length + userId.length;
  for (const role of roles) bytes += ROLE_BYTES + role.length * 2;
  return bytes;
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the token's "${error.claim}" is not accepted`;
  }
  return 'the token is not valid';
}
