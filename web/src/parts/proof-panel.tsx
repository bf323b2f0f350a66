import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { refusalWords } from '../format/refusals.ts';
import type { ProofFacts } from '../state/check-proof.ts';
import { momentOf } from '../state/clock.ts';
import type { ProofCheck } from '../state/room-proof.ts';
import type { Room } from '../state/room.ts';
import { session } from '../state/session.ts';
import { Button, ButtonLink } from './button.tsx';
import { CheckIcon, SealIcon } from './icons.tsx';
import { NoticeCard } from './notice-text.tsx';

interface ProofPanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** The proof of an auction that is over: what it is, and what this browser found on checking it. */
export function ProofPanel({ auction, room }: ProofPanelProps) {
  const check = room.proof.check.value;
  const run = (): void => void room.proof.run(auction, room.bids.list.peek());
  return (
    <section class="panel proof stack" aria-label="Proof">
      <h2>
        <SealIcon /> Proof
      </h2>
      <p class="hint">
        The archive seals every auction that is over with a chain of hashes: nobody, not even we,
        can change it afterwards without breaking the chain. Your own browser can check it.
      </p>
      <div role="status" data-testid="proof">
        <CheckText check={check} />
      </div>
      <div class="row">
        <Button disabled={check.phase === 'checking'} onClick={run}>
          {check.phase === 'unasked' && 'Check the proof'}
          {check.phase === 'checking' && 'Checking …'}
          {check.phase !== 'unasked' && check.phase !== 'checking' && 'Check again'}
        </Button>
        {check.phase === 'checked' && (
          <ButtonLink look="quiet" href={check.downloadUrl} target="_blank" rel="noreferrer">
            See all of it
          </ButtonLink>
        )}
      </div>
    </section>
  );
}

function CheckText({ check }: { readonly check: ProofCheck }) {
  switch (check.phase) {
    case 'unasked':
    case 'checking':
      return null;
    case 'impossible':
      return (
        <NoticeCard tone="bad" title="Not possible on this page">
          <p>Browsers calculate hashes only on pages that came over https. Open it that way.</p>
        </NoticeCard>
      );
    case 'failed': {
      const { title, advice } = refusalWords(check.problem);
      return (
        <NoticeCard tone="bad" title={title}>
          <p>{advice}</p>
        </NoticeCard>
      );
    }
    case 'checked':
      return check.report.holds ? (
        <Holds facts={check.report.facts} head={check.head} sealedAt={check.sealedAt} />
      ) : (
        <NoticeCard tone="bad" title="The proof does not hold">
          <p>{check.report.fault} Keep a copy, and tell whoever runs this site.</p>
        </NoticeCard>
      );
  }
}

interface HoldsProps {
  readonly facts: ProofFacts;
  readonly head: string;
  readonly sealedAt: string;
}

function Holds({ facts, head, sealedAt }: HoldsProps) {
  const { events, shownBids, openedBids } = facts;
  return (
    <div class="proof-holds">
      <p class="proof-verdict">
        <CheckIcon /> <strong>The proof holds</strong>
      </p>
      <p>Your browser has checked:</p>
      <ul class="proof-checks">
        <li>
          {events.toLocaleString()} events, numbered from 1 without a gap, the last one ends the
          auction.
        </li>
        <li>Their SHA-256 hashes, one built upon the other, lead to the head below.</li>
        <li>Price, outcome, winner and number of bids on this page are those of the proof.</li>
        {shownBids > 0 && (
          <li>
            {shownBids === 1 ? 'The bid' : `All ${shownBids.toLocaleString()} bids`} listed here{' '}
            {shownBids === 1 ? 'is' : 'are'} in it with the same bidder and amount.
          </li>
        )}
        {openedBids > 0 && (
          <li data-testid="own-bids-proven">
            {openedBids === 1 ? 'One bid of yours is' : `${openedBids} bids of yours are`} in it
            exactly as placed, hidden maximum included.
          </li>
        )}
      </ul>
      <p class="hint">Sealed {momentOf(sealedAt)}. Head:</p>
      <code class="proof-head">{head}</code>
      <p class="hint">
        What this cannot show: that the whole chain was not swapped before you first saw it. Note
        the head, and compare it later or with somebody else.
        {session.value === null && ' Sign in to check your own bids too.'}
      </p>
    </div>
  );
}
