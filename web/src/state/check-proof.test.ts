import { createHash } from 'node:crypto';
import type { OwnBid, Proof } from '@outcry/shared/contracts/history.ts';
import { describe, expect, it } from 'vitest';
import { checkProof, type ShownAuction } from './check-proof.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const OWN = { salt: '0f'.repeat(16), private: '{"userId":"ann","maxAmount":5000}' };
const RESULT = { status: 'ended', outcome: 'sold', price: 1_500, bidCount: 1, leader: 1 } as const;
const EVENTS = [
  { epoch: 1, seq: 1, type: 'scheduled', state: {} },
  { epoch: 1, seq: 2, type: 'bid', bid: { alias: 1, amount: 1_500 }, state: {} },
  { epoch: 7, seq: 3, type: 'ended', state: RESULT },
];

/** A proof by docs/seal.md, written down a second time. */
function proofOf(events: readonly object[], auctionId = 'a1-x'): Proof {
  const proven = events.map((event, i) => ({
    public: JSON.stringify(event),
    privateHash: i === 1 ? sha256(OWN.salt + OWN.private) : sha256(`other ${i}`),
  }));
  const head = proven.reduce(
    (link, event) => sha256(`${link}\n${event.privateHash}\n${event.public}`),
    sha256(`outcry-seal-v1\n${auctionId}`),
  );
  const sealedAt = '2026-11-21T12:00:00.000Z';
  return {
    form: 'outcry-seal-v1',
    auctionId,
    head,
    sealedAt,
    count: proven.length,
    events: proven,
  };
}

const ownBid = (changes: Partial<OwnBid>): OwnBid => ({
  auctionId: 'a1-x',
  bidId: 'b',
  epoch: 1,
  seq: 2,
  at: '2026-11-21T11:00:00.000Z',
  type: 'bid',
  alias: 1,
  amount: 1_500,
  offered: { maxAmount: 5_000 },
  counts: true,
  opening: OWN,
  ...changes,
});

const SHOWN: ShownAuction = {
  id: 'a1-x',
  state: RESULT,
  bids: [{ epoch: 1, seq: 2, atMs: 0, alias: 1, amount: 1_500 }],
  ownBids: [ownBid({}), ownBid({ auctionId: 'a2-y' }), ownBid({ opening: null })],
};

const faultOf = async (proof: Proof, shown: Partial<ShownAuction> = {}) => {
  const report = await checkProof(proof, { ...SHOWN, ...shown });
  return report.holds ? undefined : report.fault;
};

describe('checkProof', () => {
  it('says what it has found to be true', async () => {
    const report = await checkProof(proofOf(EVENTS), SHOWN);
    expect(report).toEqual({ holds: true, facts: { events: 3, shownBids: 1, openedBids: 1 } });
  });

  it('takes the removal of a bidder after the end for a last event', async () => {
    const result = {
      ...RESULT,
      outcome: 'no_bids',
      price: 1_000,
      bidCount: 0,
      leader: null,
    } as const;
    const removed = { epoch: 7, seq: 4, type: 'removed', bidder: 1, state: result };
    expect(await faultOf(proofOf([...EVENTS, removed]), { state: result })).toBeUndefined();
  });

  it('notices what is missing, changed or swapped', async () => {
    const proof = proofOf(EVENTS);
    const [first, second, last] = proof.events;
    if (first === undefined || second === undefined || last === undefined) throw new Error('few');
    const changed = { ...second, public: second.public.replace('1500', '1400') };
    expect(await faultOf({ ...proof, events: [first, changed, last] })).toContain('head');
    expect(await faultOf({ ...proof, events: [first, last], count: 2 })).toContain('Event 2');
    expect(await faultOf({ ...proof, count: 4 })).toContain('as many');
    expect(await faultOf(proofOf(EVENTS.slice(0, 2)))).toContain('ends nothing');
    expect(await faultOf(proofOf(EVENTS, 'a9-z'))).toContain('another auction');
    for (const text of ['{', 'null', '7']) {
      const broken = { ...proof, events: [{ ...first, public: text }, second, last] };
      expect(await faultOf(broken), text).toContain('cannot be read');
    }
  });

  it('compares it with what the page shows', async () => {
    const proof = proofOf(EVENTS);
    const bid = { epoch: 1, seq: 2, atMs: 0, alias: 1, amount: 1_500 };
    expect(await faultOf(proof, { state: { ...RESULT, price: 1_600 } })).toContain('result');
    expect(await faultOf(proof, { bids: [{ ...bid, alias: 2 }] })).toContain('Bid 2');
    expect(await faultOf(proof, { bids: [{ ...bid, seq: 3 }] })).toContain('Bid 3');
  });

  it('opens the own bids, with their hidden maximum', async () => {
    const opening = { ...OWN, private: OWN.private.replace('5000', '9000') };
    expect(await faultOf(proofOf(EVENTS), { ownBids: [ownBid({ opening })] })).toContain(
      'other terms',
    );
    expect(await faultOf(proofOf(EVENTS), { ownBids: [ownBid({ opening, counts: false })] })).toBe(
      undefined,
    );
  });
});
