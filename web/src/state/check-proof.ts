/**
 * Checks the proof of a sealed auction in the browser, by docs/seal.md: the chain of hashes is
 * calculated anew, and what it says is compared with what the page shows. Nothing is asked of a
 * server here.
 */
import type { OwnBid, Proof } from '@outcry/shared/contracts/history.ts';
import { isOver, type PublicEvent, type PublicState } from '@outcry/shared/contracts/events.ts';
import type { BidEntry } from './bid-list.ts';
import { sha256 } from './sha256.ts';

/** What the page shows, and so must be in the proof. */
export interface ShownAuction {
  readonly id: string;
  readonly state: Pick<PublicState, 'status' | 'outcome' | 'price' | 'bidCount' | 'leader'>;
  readonly bids: readonly BidEntry[];
  /** The reader's own, with what opens their hashes; empty for visitors. */
  readonly ownBids: readonly OwnBid[];
}

/** What was found to be true. */
export interface ProofFacts {
  readonly events: number;
  /** Of the bids on the page. */
  readonly shownBids: number;
  /** Own bids whose hash was opened, of those that can be opened. */
  readonly openedBids: number;
}

export type ProofReport =
  | { readonly holds: true; readonly facts: ProofFacts }
  /** Says in a sentence what is not as it must be. */
  | { readonly holds: false; readonly fault: string };

const FORM = 'outcry-seal-v1';

class ProofFault extends Error {
  override readonly name = 'ProofFault';
}

export async function checkProof(proof: Proof, shown: ShownAuction): Promise<ProofReport> {
  try {
    const events = await checkChain(proof, shown.id);
    checkResult(events, shown.state);
    const shownBids = checkShownBids(events, shown.bids);
    const openedBids = await checkOwnBids(proof, shown);
    return { holds: true, facts: { events: events.length, shownBids, openedBids } };
  } catch (error) {
    if (error instanceof ProofFault) return { holds: false, fault: error.message };
    throw error;
  }
}

/** Numbers without a gap, epochs that never go back, and hashes that end in the head. */
async function checkChain(proof: Proof, auctionId: string): Promise<readonly PublicEvent[]> {
  const { form, head, count } = proof;
  if (form !== FORM) fault('It has a form that this page does not know.');
  if (proof.auctionId !== auctionId) fault('It belongs to another auction.');
  if (proof.events.length !== count) fault('It does not hold as many events as it claims.');
  const events: PublicEvent[] = [];
  let epoch = 0;
  let link = await sha256(`${FORM}\n${auctionId}`);
  for (const { public: text, privateHash } of proof.events) {
    const event = readEvent(text);
    const seq = events.length + 1;
    if (event.seq !== seq) fault(`Event ${seq} is missing or out of place.`);
    if (event.epoch < epoch) fault(`Event ${seq} goes back in time.`);
    if (!/^[0-9a-f]{64}$/u.test(privateHash)) fault(`Event ${seq} has no hash of its own.`);
    epoch = event.epoch;
    link = await sha256(`${link}\n${privateHash}\n${text}`);
    events.push(event);
  }
  const last = events.at(-1)?.state;
  if (!isOver(last?.status)) fault('Its last event ends nothing.');
  if (link !== head) fault('The hashes do not lead to the head: something in it was changed.');
  return events;
}

function checkResult(events: readonly PublicEvent[], shown: ShownAuction['state']): void {
  const proven = events.at(-1)?.state;
  const same =
    proven?.status === shown.status &&
    proven.outcome === shown.outcome &&
    proven.price === shown.price &&
    proven.bidCount === shown.bidCount &&
    proven.leader === shown.leader;
  if (!same) fault('The result on this page is not the one in the proof.');
}

function checkShownBids(events: readonly PublicEvent[], bids: readonly BidEntry[]): number {
  for (const { seq, alias, amount } of bids) {
    const proven = events[seq - 1]?.bid;
    if (proven?.alias !== alias || proven.amount !== amount) {
      fault(`Bid ${seq} on this page is not in the proof, or not like this.`);
    }
  }
  return bids.length;
}

async function checkOwnBids({ events }: Proof, { id, ownBids }: ShownAuction): Promise<number> {
  let opened = 0;
  for (const { auctionId, seq, counts, opening } of ownBids) {
    if (auctionId !== id || !counts || opening === null) continue;
    const found = await sha256(opening.salt + opening.private);
    if (found !== events[seq - 1]?.privateHash) fault(`Your bid ${seq} is in it with other terms.`);
    opened += 1;
  }
  return opened;
}

function readEvent(text: string): PublicEvent {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    event = null;
  }
  const isEvent = typeof event === 'object' && event !== null;
  return isEvent ? (event as PublicEvent) : fault('An event in it cannot be read.');
}

function fault(message: string): never {
  throw new ProofFault(message);
}
