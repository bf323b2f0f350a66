/** Every refusal in plain words: what happened, and what to do now. */
import { PROBLEMS, type Problem, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { formatMoney } from './money.ts';

export interface RefusalWords {
  readonly title: string;
  readonly advice: string;
}

type RefusalFacts = Pick<Problem, 'code' | 'detail'> &
  Partial<Pick<Problem, 'minimumBid' | 'available' | 'retryAfterMs' | 'errors'>>;

/** A sum in the auction's currency; undefined where either is not known. */
type Money = (amount: number | undefined) => string | undefined;

/** The advice may depend on more than the code. */
type Words = readonly [
  title: string,
  advice: string | ((problem: RefusalFacts, money: Money) => string),
];

/** Of these the server's own words are plain enough. */
type SaidByServer =
  | 'NO_ABSENTEE_BID'
  | 'SALE_ENDED'
  | 'SALE_STARTED'
  | 'SALE_PAUSED'
  | 'SALE_HAS_LOTS'
  | 'SALE_FULL'
  | 'LOT_TAKEN'
  | 'NO_REGISTRATION'
  | 'REGISTRATION_NOT_FOUND'
  | 'LIMIT_BELOW_COMMITTED';

const NO_SIGN_IN: Words = ['Please sign in again', 'Your sign-in is no longer valid.'];

const OUR_FAULT: Words = [
  'Something went wrong on our side',
  'Reload the page and try again. If it stays, tell whoever runs this site.',
];

const WORDS: Readonly<Record<Exclude<ProblemCode, SaidByServer>, Words>> = {
  BID_TOO_LOW: [
    'Your bid is too low',
    ({ minimumBid }, money) => {
      if (minimumBid === null) return 'No higher bid is possible.';
      return `Bid ${money(minimumBid) ?? 'the minimum bid'} or more.`;
    },
  ],
  MAX_NOT_RAISED: [
    'You already lead',
    'This is not above your maximum. Enter a higher sum to raise it, or just wait.',
  ],
  AUCTION_NOT_STARTED: ['Not open yet', 'Bid again as soon as the auction has started.'],
  AUCTION_PAUSED: ['Paused', 'Bid again as soon as the auction goes on.'],
  AUCTION_ENDED: ['Too late', 'The auction ended before your bid arrived.'],
  AUCTION_CANCELLED: [
    'The auction was cancelled',
    'The seller took it back; nobody owes anything. Look for another one.',
  ],
  SELLER_CANNOT_BID: [
    'This is your own auction',
    'Sellers cannot bid on what they sell. Sign in as someone else to try it.',
  ],
  BIDDER_BLOCKED: [
    'You may not bid here any more',
    'You were removed from this auction, or its sale does not admit you.',
  ],
  NOT_REGISTERED: ['Register for the sale first', 'Only registered bidders may bid on its lots.'],
  REGISTRATION_PENDING: [
    'Your registration is not approved yet',
    'You can bid as soon as the seller has approved it.',
  ],
  OVER_LIMIT: [
    'This bid is above your limit',
    ({ available }, money) => {
      const left = money(available);
      return left === undefined
        ? 'What you lead and have won in this sale may not go above your limit.'
        : `Of your limit in this sale ${left} is left.`;
    },
  ],
  SALE_NOT_FOUND: ['No such sale', 'It may have ended some time ago.'],
  BID_TOO_HIGH: ['Your bid is too high', 'The seller takes no bid as high as this.'],
  BUY_NOW_GONE: [
    'Buy now is gone',
    'It ends with the first bid. You can still win the auction by bidding.',
  ],
  AUCTION_NOT_FOUND: ['No such auction', 'The address may be wrong, or it is long over.'],
  NOT_SELLER: ['Only the seller can do this', 'Sign in as the seller of the item.'],
  AUCTION_HAS_BIDS: [
    'There is a bid now',
    'An auction can only be cancelled before its first bid. This one goes on.',
  ],
  BEYOND_HARD_END: [
    'This end is too late',
    'The terms of the auction name a last possible end. Choose less time.',
  ],
  END_NOT_LATER: [
    'This end is too early',
    'The auction already ends as late or later; a late bid may have moved its end.',
  ],
  ALREADY_PAUSED: ['Already paused', 'Somebody else has paused it before you.'],
  NOT_PAUSED: ['Not paused', 'The auction goes on already.'],
  BIDDER_NOT_FOUND: [
    'No such bidder',
    'Nobody takes part under this number, or the bidder was removed before.',
  ],
  ITEM_BUSY: [
    'The item is being sold already',
    'Wait for its other auction to end, or create a new item.',
  ],
  QUOTA_REACHED: [
    'You have as many listings as you may',
    'Listings make room some days after they end. Try again then.',
  ],
  ITEM_NOT_FOUND: ['No such item', 'Create the item again.'],
  NOT_SOLD: ['Not sold', 'The auction has no buyer.'],
  NOT_SEALED: [
    'No proof yet',
    'There is one as soon as the auction is over and the archive has all of it.',
  ],
  NAME_TAKEN: ['This name is taken', 'Choose another name.'],
  WATCHLIST_FULL: [
    'Your list of saved auctions is full',
    'Take out one that is over, then save this one.',
  ],
  ACCOUNT_IN_USE: ['Not yet', 'You sell or lead in auctions that are still open.'],
  UNAUTHENTICATED: NO_SIGN_IN,
  SIGNED_OUT: NO_SIGN_IN,
  FORBIDDEN: ['Not allowed', 'Sign in as someone who may do this.'],
  RATE_LIMITED: [
    'Slow down a little',
    ({ retryAfterMs }) => `Too many requests. Try again in ${waitText(retryAfterMs)}.`,
  ],
  UNAVAILABLE: [
    'Not possible right now',
    'The auction house is not answering. Nothing was changed; try again in a moment.',
  ],
  OUTCOME_UNKNOWN: [
    'The answer was lost',
    'Your request may have counted. Try again: it can never count twice.',
  ],
  INVALID_REQUEST: ['Please check what you entered', faultText],
  IDEMPOTENCY_MISMATCH: OUR_FAULT,
  NOT_FOUND: OUR_FAULT,
  METHOD_NOT_ALLOWED: OUR_FAULT,
  INTERNAL: OUR_FAULT,
};

const isPutOtherwise = (code: ProblemCode): code is keyof typeof WORDS =>
  Object.hasOwn(WORDS, code);

/**
 * Words for a problem from the gateway.
 * @param currency for the minimum bid; without it the sum is not named
 */
export function refusalWords(
  problem: RefusalFacts,
  currency?: string,
  locale?: string,
): RefusalWords {
  const { code, detail } = problem;
  if (!isPutOtherwise(code)) return { title: PROBLEMS[code].title, advice: detail };
  const [title, advice] = WORDS[code];
  if (typeof advice === 'string') return { title, advice };
  const money: Money = (amount) =>
    amount === undefined || currency === undefined
      ? undefined
      : formatMoney(amount, currency, locale);
  return { title, advice: advice(problem, money) };
}

/**
 * Words for a refused bid.
 * @param seenMinimum the minimum bid that the bidder saw, where it is known: only when it has risen
 *   was another faster
 */
export function bidRefusalWords(
  problem: RefusalFacts,
  currency: string,
  seenMinimum: number | null | undefined,
): RefusalWords {
  const { title, advice } = refusalWords(problem, currency);
  const isOvertaken =
    problem.code === 'BID_TOO_LOW' && (problem.minimumBid ?? 0) > (seenMinimum ?? Infinity);
  return { title, advice: isOvertaken ? `Someone was faster. ${advice}` : advice };
}

/** Words for a problem with one of the seller's commands, which are no bids. */
export function sellersRefusalWords(problem: RefusalFacts): RefusalWords {
  switch (problem.code) {
    case 'AUCTION_ENDED':
      return {
        title: 'Too late',
        advice: 'The auction ended before this arrived. Nothing was changed.',
      };
    case 'AUCTION_CANCELLED':
      return {
        title: 'Cancelled already',
        advice: 'The auction was cancelled before this arrived. Nothing was changed.',
      };
    default:
      return refusalWords(problem);
  }
}

/** Words for a sign-in that did not come about. */
export function signInRefusalWords(problem: RefusalFacts): RefusalWords {
  switch (problem.code) {
    case 'NOT_FOUND':
    case 'FORBIDDEN':
    case 'UNAUTHENTICATED':
      return {
        title: 'No sign-in here',
        advice: 'This auction house gives out no sign-ins for a name.',
      };
    case 'UNAVAILABLE':
    case 'OUTCOME_UNKNOWN':
      return {
        title: 'No answer right now',
        advice: 'You are not signed in. Try again in a moment.',
      };
    default:
      return refusalWords(problem);
  }
}

/** Words for a sign-in with a provider that did not come about. @param host the provider's */
export function providerRefusalWords(
  problem: Pick<Problem, 'code' | 'detail'>,
  host: string,
): RefusalWords {
  switch (problem.code) {
    case 'FORBIDDEN':
      return {
        title: 'The sign-in was refused',
        advice: `You are not signed in. ${host} says: ${problem.detail}`,
      };
    case 'UNAUTHENTICATED':
    case 'SIGNED_OUT':
      return {
        title: 'Your sign-in does not count here',
        advice: `${host} has let you in, but this auction house does not take its word. Tell whoever runs it: ${problem.detail}`,
      };
    case 'NOT_FOUND':
      return { title: 'This sign-in is over', advice: 'Nothing was changed. Sign in again.' };
    default:
      return {
        title: `${host} does not answer`,
        advice: 'You are not signed in. Try again in a moment.',
      };
  }
}

/** What to call it when something could not be read; it is read again without anybody's doing. */
export const readFailure = (problem: RefusalFacts): string =>
  problem.code === 'UNAVAILABLE' ? 'No answer right now' : refusalWords(problem).title;

function waitText(ms: number | undefined): string {
  if (ms === undefined) return 'a moment';
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}

/** The fields at fault when the gateway names them, else its own sentence. */
function faultText({ detail, errors = [] }: RefusalFacts): string {
  if (errors.length === 0) return detail;
  return errors
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
}
