/** The scheme's case does not matter (RFC 9110). */
const BEARER = /^bearer +(\S.*)$/i;

/** The token of an `Authorization` header; undefined where the header is none of a bearer. */
export const bearerToken = (authorization = ''): string | undefined =>
  BEARER.exec(authorization)?.[1];
