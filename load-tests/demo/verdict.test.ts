import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEbayAuctions, type EbayAuction } from '../data/ebay-auctions.ts';
import { replayByRules, verdictOn, type ReplayedAuction } from './verdict.ts';

const ebay = readEbayAuctions(
  readFileSync(new URL('../data/ebay-auctions.csv', import.meta.url), 'utf8'),
);

/** What a system that keeps the rules answers. */
function replayedWell(auction: EbayAuction): ReplayedAuction {
  const { answers, closingPrice, outcome } = replayByRules(auction);
  // Seq 1 and 2 are the creation and the start.
  const acceptedSeqs = answers.filter((answer) => answer === 'OK').map((_, i) => i + 3);
  return {
    ebay: auction,
    answers,
    acceptedSeqs,
    final: {
      status: 'ended',
      ...(outcome === undefined ? {} : { outcome }),
      price: closingPrice,
      epoch: 1,
      seq: acceptedSeqs.length + 3,
    },
  };
}

const allWell = ebay.map(replayedWell);
const [first] = allWell;
if (first === undefined) throw new Error('there are auctions');

/** All auctions, the first one changed. */
const withFirst = (change: Partial<ReplayedAuction>): ReplayedAuction[] => [
  { ...first, ...change },
  ...allWell.slice(1),
];
const finalWith = (change: Partial<ReplayedAuction['final']>): Partial<ReplayedAuction> => ({
  final: { ...first.final, ...change },
});

describe('verdictOn', () => {
  it('finds nothing wrong when only 337 closes at another price', () => {
    const verdict = verdictOn(allWell, [], {});
    expect(verdict).toMatchObject({ auctions: 314, atEbaysPrice: 313, faults: [] });
    expect(verdict.oddOnes.map(({ number }) => number)).toEqual([337]);
    const refused = [...verdict.refused.values()].reduce((sum, times) => sum + times, 0);
    expect(verdict.accepted + refused).toBe(5_442);
  });

  it.each([
    ['another price', finalWith({ price: first.final.price + 1 }), 'should be exactly 337'],
    ['not sold', finalWith({ outcome: 'reserve_not_met' }), 'should be exactly 337'],
    ['not ended', finalWith({ status: 'live' }), 'is still live'],
    ['an event too many', finalWith({ seq: first.final.seq + 1 }), `events, not`],
    [
      'a late bid',
      { answers: [...first.answers.slice(0, -1), 'AUCTION_ENDED' as const] },
      '1 bids came after the end',
    ],
    [
      'a bid refused against the rules',
      { answers: ['BID_TOO_LOW' as const, ...first.answers.slice(1)] },
      'bid 1 was answered BID_TOO_LOW, by the rules OK',
    ],
    [
      'receipts out of order',
      { acceptedSeqs: first.acceptedSeqs.toReversed() },
      'not in rising order',
    ],
  ])('names %s', (_name, change, fault) => {
    const { faults } = verdictOn(withFirst(change), [], {});
    expect(faults.join('\n')).toContain(fault);
  });

  it('is not good either when 337 is no longer odd, or an auction is missing', () => {
    const without = allWell.filter((each) => each.ebay.number !== 337);
    const { faults } = verdictOn(without, ['auction 337: stopped by something'], {});
    expect(faults).toEqual([
      'auction 337: stopped by something',
      'the odd ones should be exactly 337',
    ]);
  });

  it('counts the event with which a restart of Redis begins a new epoch', () => {
    const restarted = finalWith({ epoch: 1_795_000_000, seq: first.final.seq + 1 });
    expect(verdictOn(withFirst(restarted), [], {}).faults).toEqual([]);
    const without = finalWith({ epoch: 1_795_000_000 });
    expect(verdictOn(withFirst(without), [], {}).faults.join()).toContain('those of new epochs');
  });

  it('passes on what the archive lacks', () => {
    const archive = { Postgres: { complete: 313, events: 1, faults: ['auction 1: no rows'] } };
    expect(verdictOn(allWell, [], archive).faults).toEqual(['Postgres: auction 1: no rows']);
  });
});
