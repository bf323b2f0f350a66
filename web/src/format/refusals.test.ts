import {
  isRetryable,
  PROBLEMS,
  problem,
  type ProblemCode,
} from '@outcry/shared/contracts/problems.ts';
import { describe, expect, it } from 'vitest';
import {
  bidRefusalWords,
  refusalWords,
  sellersRefusalWords,
  signInRefusalWords,
} from './refusals.ts';

const isCode = (text: string): text is ProblemCode => Object.hasOwn(PROBLEMS, text);
const codes = Object.keys(PROBLEMS).filter(isCode);

describe('refusalWords', () => {
  it.each(codes)('%s says what happened and what to do', (code) => {
    const words = refusalWords(problem(code, 'The detail.', 'r1'));
    expect(words.title).toMatch(/^[A-Z].+[^.]$/u);
    expect(words.advice).toMatch(/\.$/u);
    expect(`${words.title} ${words.advice}`).not.toMatch(/[A-Z]{2,}_|undefined|NaN/u);
  });

  it('does not tell sellers of bids that they did not make', () => {
    for (const code of codes.filter((code) => code.startsWith('AUCTION_'))) {
      const { advice } = sellersRefusalWords(problem(code, 'The detail.', 'r1'));
      expect(advice, code).not.toMatch(/your bid|look for another/iu);
    }
  });

  it('speaks of no bid where somebody could not sign in', () => {
    for (const code of ['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'FORBIDDEN', 'NOT_FOUND'] as const) {
      const { title, advice } = signInRefusalWords(problem(code, 'The detail.', 'r1'));
      expect(`${title} ${advice}`, code).not.toMatch(/bid|request|count|changed/iu);
    }
  });

  it('names the sum to bid', () => {
    const low = problem('BID_TOO_LOW', '', 'r1', { minimumBid: 12_550 });
    expect(refusalWords(low, 'USD', 'en-US').advice).toContain('$125.50');
    const highest = problem('BID_TOO_LOW', '', 'r1', { minimumBid: null });
    expect(refusalWords(highest, 'USD', 'en-US').advice).toBe('No higher bid is possible.');
  });

  it('says that someone was faster only where the minimum bid has risen since it was seen', () => {
    const low = problem('BID_TOO_LOW', '', 'r1', { minimumBid: 5_000 });
    expect(bidRefusalWords(low, 'USD', 5_000).advice).toBe('Bid $50.00 or more.');
    expect(bidRefusalWords(low, 'USD', 4_900).advice).toContain('Someone was faster.');
    const raised = problem('MAX_NOT_RAISED', '', 'r1');
    expect(bidRefusalWords(raised, 'USD', 4_900).advice).not.toContain('faster');
  });

  it('names the wait and the fields at fault', () => {
    const limited = problem('RATE_LIMITED', '', 'r1', { retryAfterMs: 2_400 });
    expect(refusalWords(limited).advice).toContain('3 seconds');
    const errors = [{ path: 'amount', message: 'must be a whole number' }];
    const invalid = problem('INVALID_REQUEST', 'One field is wrong.', 'r1', { errors });
    expect(refusalWords(invalid).advice).toBe('amount: must be a whole number');
  });

  it('offers another try only where the same request may be sent again', () => {
    const retryable = codes.filter(isRetryable);
    expect(retryable.toSorted()).toEqual(['OUTCOME_UNKNOWN', 'RATE_LIMITED', 'UNAVAILABLE']);
  });
});
