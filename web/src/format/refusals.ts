/** Every refusal in plain words: what happened, and what to do now. */
import { PROBLEMS, type Problem, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { formatMoney } from './money.ts';

export interface RefusalWords {
  readonly title: string;
  readonly advice: string;
  /** The same request may be sent again as it is. */
  readonly canRetry: boolean;
}

type RefusalFacts = Pick<Problem, 'code' | 'detail'> &
  Partial<Pick<Problem, 'minimumBid' | 'available' | 'retryAfterMs' | 'errors'>>;

/**
 * Words for a problem from the gateway.
 * @param currency for the minimum bid; without it the sum is not named
 */
export function refusalWords(
  problem: RefusalFacts,
  currency?: string,
  locale?: string,
): RefusalWords {
  const { title, advice, canRetry = false } = wordsOf(problem.code, problem, currency, locale);
  return { title, advice, canRetry };
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
  const words = refusalWords(problem, currency);
  const isOvertaken =
    problem.code === 'BID_TOO_LOW' && (problem.minimumBid ?? 0) > (seenMinimum ?? Infinity);
  return isOvertaken ? { ...words, advice: `Someone was faster. ${words.advice}` } : words;
}

/** Words for a problem with one of the seller's commands, which are no bids. */
export function sellersRefusalWords(problem: RefusalFacts): RefusalWords {
  switch (problem.code) {
    case 'AUCTION_ENDED':
      return {
        title: 'Too late',
        advice: 'The auction ended before this arrived. Nothing was changed.',
        canRetry: false,
      };
    case 'AUCTION_CANCELLED':
      return {
        title: 'Cancelled already',
        advice: 'The auction was cancelled before this arrived. Nothing was changed.',
        canRetry: false,
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
        canRetry: false,
      };
    case 'UNAVAILABLE':
    case 'OUTCOME_UNKNOWN':
      return {
        title: 'No answer right now',
        advice: 'You are not signed in. Try again in a moment.',
        canRetry: true,
      };
    default:
      return refusalWords(problem);
  }
}

/** Words for a sign-in with a provider that did not come about. @param host the provider's */
export function providerRefusalWords(
  problem: Pick<Problem, 'code' | 'detail'>,
  host: string,
): Pick<RefusalWords, 'title' | 'advice'> {
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

type Words = Pick<RefusalWords, 'title' | 'advice'> & { readonly canRetry?: true };

function wordsOf(
  code: ProblemCode,
  problem: RefusalFacts,
  currency: string | undefined,
  locale: string | undefined,
): Words {
  switch (code) {
    case 'BID_TOO_LOW':
      return {
        title: 'Your bid is too low',
        advice:
          problem.minimumBid === null
            ? 'No higher bid is possible.'
            : `Bid ${leastBid(problem.minimumBid, currency, locale)} or more.`,
      };
    case 'MAX_NOT_RAISED':
      return {
        title: 'You already lead',
        advice: 'This is not above your maximum. Enter a higher sum to raise it, or just wait.',
      };
    case 'AUCTION_NOT_STARTED':
      return { title: 'Not open yet', advice: 'Bid again as soon as the auction has started.' };
    case 'AUCTION_PAUSED':
      return { title: 'Paused', advice: 'Bid again as soon as the auction goes on.' };
    case 'AUCTION_ENDED':
      return { title: 'Too late', advice: 'The auction ended before your bid arrived.' };
    case 'AUCTION_CANCELLED':
      return {
        title: 'The auction was cancelled',
        advice: 'The seller took it back; nobody owes anything. Look for another one.',
      };
    case 'SELLER_CANNOT_BID':
      return {
        title: 'This is your own auction',
        advice: 'Sellers cannot bid on what they sell. Sign in as someone else to try it.',
      };
    case 'BIDDER_BLOCKED':
      return {
        title: 'You may not bid here any more',
        advice: 'You were removed from this auction, or its sale does not admit you.',
      };
    case 'NOT_REGISTERED':
      return {
        title: 'Register for the sale first',
        advice: 'Only registered bidders may bid on its lots.',
      };
    case 'REGISTRATION_PENDING':
      return {
        title: 'Your registration is not approved yet',
        advice: 'You can bid as soon as the seller has approved it.',
      };
    case 'OVER_LIMIT':
      return {
        title: 'This bid is above your limit',
        advice:
          problem.available === undefined || currency === undefined
            ? 'What you lead and have won in this sale may not go above your limit.'
            : `Of your limit in this sale ${formatMoney(problem.available, currency, locale)} is left.`,
      };
    case 'SALE_NOT_FOUND':
      return { title: 'No such sale', advice: 'It may have ended some time ago.' };
    case 'NO_ABSENTEE_BID':
    case 'SALE_ENDED':
    case 'SALE_STARTED':
    case 'SALE_PAUSED':
    case 'SALE_HAS_LOTS':
    case 'SALE_FULL':
    case 'LOT_TAKEN':
    case 'NO_REGISTRATION':
    case 'REGISTRATION_NOT_FOUND':
    case 'LIMIT_BELOW_COMMITTED':
      return { title: PROBLEMS[code].title, advice: problem.detail };
    case 'BID_TOO_HIGH':
      return { title: 'Your bid is too high', advice: 'The seller takes no bid as high as this.' };
    case 'BUY_NOW_GONE':
      return {
        title: 'Buy now is gone',
        advice: 'It ends with the first bid. You can still win the auction by bidding.',
      };
    case 'AUCTION_NOT_FOUND':
      return { title: 'No such auction', advice: 'The address may be wrong, or it is long over.' };
    case 'NOT_SELLER':
      return { title: 'Only the seller can do this', advice: 'Sign in as the seller of the item.' };
    case 'AUCTION_HAS_BIDS':
      return {
        title: 'There is a bid now',
        advice: 'An auction can only be cancelled before its first bid. This one goes on.',
      };
    case 'BEYOND_HARD_END':
      return {
        title: 'This end is too late',
        advice: 'The terms of the auction name a last possible end. Choose less time.',
      };
    case 'END_NOT_LATER':
      return {
        title: 'This end is too early',
        advice: 'The auction already ends as late or later; a late bid may have moved its end.',
      };
    case 'ALREADY_PAUSED':
      return { title: 'Already paused', advice: 'Somebody else has paused it before you.' };
    case 'NOT_PAUSED':
      return { title: 'Not paused', advice: 'The auction goes on already.' };
    case 'BIDDER_NOT_FOUND':
      return {
        title: 'No such bidder',
        advice: 'Nobody takes part under this number, or the bidder was removed before.',
      };
    case 'ITEM_BUSY':
      return {
        title: 'The item is being sold already',
        advice: 'Wait for its other auction to end, or create a new item.',
      };
    case 'QUOTA_REACHED':
      return {
        title: 'You have as many listings as you may',
        advice: 'Listings make room some days after they end. Try again then.',
      };
    case 'ITEM_NOT_FOUND':
      return { title: 'No such item', advice: 'Create the item again.' };
    case 'NOT_SOLD':
      return { title: 'Not sold', advice: 'The auction has no buyer.' };
    case 'NOT_SEALED':
      return {
        title: 'No proof yet',
        advice: 'There is one as soon as the auction is over and the archive has all of it.',
      };
    case 'NAME_TAKEN':
      return { title: 'This name is taken', advice: 'Choose another name.' };
    case 'WATCHLIST_FULL':
      return {
        title: 'Your list of saved auctions is full',
        advice: 'Take out one that is over, then save this one.',
      };
    case 'ACCOUNT_IN_USE':
      return { title: 'Not yet', advice: 'You sell or lead in auctions that are still open.' };
    case 'UNAUTHENTICATED':
    case 'SIGNED_OUT':
      return { title: 'Please sign in again', advice: 'Your sign-in is no longer valid.' };
    case 'FORBIDDEN':
      return { title: 'Not allowed', advice: 'Sign in as someone who may do this.' };
    case 'RATE_LIMITED':
      return {
        title: 'Slow down a little',
        advice: `Too many requests. Try again in ${waitText(problem.retryAfterMs)}.`,
        canRetry: true,
      };
    case 'UNAVAILABLE':
      return {
        title: 'Not possible right now',
        advice: 'The auction house is not answering. Nothing was changed; try again in a moment.',
        canRetry: true,
      };
    case 'OUTCOME_UNKNOWN':
      return {
        title: 'The answer was lost',
        advice: 'Your request may have counted. Try again: it can never count twice.',
        canRetry: true,
      };
    case 'INVALID_REQUEST':
      return { title: 'Please check what you entered', advice: faultText(problem) };
    case 'IDEMPOTENCY_MISMATCH':
    case 'NOT_FOUND':
    case 'METHOD_NOT_ALLOWED':
    case 'INTERNAL':
      return {
        title: 'Something went wrong on our side',
        advice: 'Reload the page and try again. If it stays, tell whoever runs this site.',
      };
  }
}

const leastBid = (
  minimum: number | undefined,
  currency: string | undefined,
  locale: string | undefined,
): string =>
  minimum === undefined || currency === undefined
    ? 'the minimum bid'
    : formatMoney(minimum, currency, locale);

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
