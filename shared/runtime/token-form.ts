const PART = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?';
const COMPACT = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/**
 * Whether this is the one way to write a signed token (RFC 7515, compact; RFC 4648, 3.5): base64url
 * without padding or spaces, and without bits set that mean nothing. Decoders take other forms too,
 * and then one token would have any number of names.
 */
export const isCompactToken = (token: string): boolean => COMPACT.test(token);
