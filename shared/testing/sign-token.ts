import { createHmac } from 'node:crypto';

/** An access token (HS256) as production services take it, valid for an hour unless said otherwise. */
export function signToken(
  secret: string,
  userId: string,
  roles: readonly string[],
  seconds = 3_600,
): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, roles, iat, exp: iat + seconds };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
