/**
 * Why the engine refuses a command, in the order in which it looks. Every refusal leaves the
 * auction as it was. The HTTP status of each code is in contracts/problems.ts.
 */
export const REFUSAL_CODES = [
  'AUCTION_NOT_FOUND',
  'SALE_NOT_FOUND',
  'IDEMPOTENCY_MISMATCH',
  'AUCTION_NOT_STARTED',
  'AUCTION_PAUSED',
  'AUCTION_ENDED',
  'AUCTION_CANCELLED',
  'SELLER_CANNOT_BID',
  'NOT_REGISTERED',
  'REGISTRATION_PENDING',
  'BIDDER_BLOCKED',
  'BID_TOO_LOW',
  'MAX_NOT_RAISED',
  'BID_TOO_HIGH',
  'OVER_LIMIT',
  'BUY_NOW_GONE',
  'NO_ABSENTEE_BID',
  'NOT_SELLER',
  'AUCTION_HAS_BIDS',
  'BEYOND_HARD_END',
  'END_NOT_LATER',
  'ALREADY_PAUSED',
  'NOT_PAUSED',
  'BIDDER_NOT_FOUND',
  'SALE_ENDED',
  'SALE_STARTED',
  'SALE_PAUSED',
  'SALE_HAS_LOTS',
  'SALE_FULL',
  'SALE_CHANGED',
  'LOT_TAKEN',
  'NO_REGISTRATION',
  'REGISTRATION_NOT_FOUND',
  'LIMIT_BELOW_COMMITTED',
  'END_NOT_AFTER_START',
  'HARD_END_BEFORE_END',
  'END_TOO_LATE',
  'HARD_END_TOO_LATE',
  'ITEM_BUSY',
  'NO_ROOM',
  'UNREADABLE',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

const KNOWN = new Set<string>(REFUSAL_CODES);

export const isRefusalCode = (text: string): text is RefusalCode => KNOWN.has(text);
