/** Reads from a token's claims who the user is, and what they may do. */
import { hash } from 'node:crypto';
import { ROLE_NAMES, type CommonSettings, type RoleName } from './config.ts';

export type ClaimSettings = Pick<
  CommonSettings,
  | 'JWT_SECRET'
  | 'JWT_USER_CLAIM'
  | 'JWT_PLAIN_ISSUER'
  | 'JWT_ROLES_CLAIM'
  | 'JWT_ROLE_MAP'
  | 'JWT_DEFAULT_ROLES'
>;

export type Claims = Readonly<Record<string, unknown>>;

const USER_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MADE_ID = /^sub_[A-Za-z0-9_-]{43}$/;
const MAX_SUBJECT_BYTES = 255;

/**
 * The id of a provider's user: `sub_` and SHA-256, in base64url, of issuer, a zero byte and subject, so
 * that users of two issuers never meet. Anybody who knows both can compute it; nothing needs the way
 * back.
 */
export const madeUserId = (issuer: string, subject: string): string =>
  `sub_${hash('sha256', `${issuer}\0${subject}`, 'base64url')}`;

/**
 * The id of the user whom a token names. A subject that has the form of an id is the id where the
 * operator answers for the names: in tokens of the shared secret, of no issuer, or of the plain one.
 * @returns undefined where the claim names nobody: no text, an empty or too long one, or an e-mail
 *   address that the provider has not verified
 */
export function userIdOf(claims: Claims, settings: ClaimSettings): string | undefined {
  const subject = claims[settings.JWT_USER_CLAIM];
  const issuer = claims['iss'];
  if (typeof subject !== 'string' || !isSubject(subject)) return undefined;
  if (settings.JWT_USER_CLAIM === 'email' && !isTrue(claims['email_verified'])) return undefined;
  if (issuer !== undefined && (typeof issuer !== 'string' || issuer.includes('\0'))) {
    return undefined;
  }
  const isPlain =
    settings.JWT_SECRET !== undefined ||
    issuer === undefined ||
    issuer === settings.JWT_PLAIN_ISSUER;
  // What looks like an id that was made is never taken as it stands: it may be another user's.
  if (isPlain && USER_ID.test(subject) && !MADE_ID.test(subject)) return subject;
  return madeUserId(issuer ?? '', subject);
}

/** Halves of surrogate pairs have no UTF-8: all of them would be one user. */
const isSubject = (text: string): boolean =>
  text !== '' &&
  Buffer.from(text).toString() === text &&
  Buffer.byteLength(text) <= MAX_SUBJECT_BYTES;

/** Some providers write it as text. */
const isTrue = (value: unknown): boolean => value === true || value === 'true';

/**
 * The roles that a token names, by the map where there is one; the default ones where it names none
 * that means anything here.
 */
export function rolesOf(claims: Claims, settings: ClaimSettings): ReadonlySet<RoleName> {
  const { JWT_ROLE_MAP: map } = settings;
  const named = namesIn(claimAt(claims, settings.JWT_ROLES_CLAIM));
  const roles = ROLE_NAMES.filter((role) =>
    named.some((name) =>
      map === undefined
        ? name === role
        : map.some(([theirs, ours]) => theirs === name && ours === role),
    ),
  );
  return new Set(roles.length === 0 ? settings.JWT_DEFAULT_ROLES : roles);
}

/** A list, or names in one text with blanks between, as `scope` has them. */
function namesIn(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value : [];
}

/** What a path leads to; names on the way may have dots themselves (`https://example.org/roles`). */
function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined;
  const entries = Object.entries(claims);
  const whole = entries.find(([name]) => name === path);
  if (whole !== undefined) return whole[1];
  for (const [name, inner] of entries) {
    if (!path.startsWith(`${name}.`)) continue;
    const found = claimAt(inner, path.slice(name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
