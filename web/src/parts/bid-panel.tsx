import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { outcomeWords } from '../format/outcome.ts';
import { lobbyPath } from '../routes.ts';
import type { Room } from '../state/room.ts';
import { session } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { BidBox } from './bid-box.tsx';
import { TrophyIcon } from './icons.tsx';
import { NoticeText } from './notice-text.tsx';
import { SellerPanel } from './seller-panel.tsx';
import { Stake } from './stake.tsx';

interface BidPanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
  /** This system gives out tokens for a name. */
  readonly signInPossible: boolean;
}

/** What the user can do here now; and, whatever that is, a bid that nobody knows the outcome of. */
export function BidPanel(props: BidPanelProps) {
  const { auction, room } = props;
  const notice = room.bidding.notice.value;
  const isLive = auction.status === 'live' && !room.isOwn.value && session.value !== null;
  return (
    <>
      {/* Where one can bid, the form shows it. */}
      {!isLive && notice?.unresolved === true && <NoticeText notice={notice} />}
      <PossiblePanel {...props} />
    </>
  );
}

/** Bid, sell, sign in, wait, or look at how it ended. */
function PossiblePanel({ auction, room, signInPossible }: BidPanelProps) {
  switch (auction.status) {
    case 'ended':
    case 'cancelled':
      return <Outcome auction={auction} ownAlias={room.own.value?.alias ?? null} />;
    case 'scheduled':
      if (room.isOwn.value) return <SellerPanel auction={auction} room={room} />;
      return (
        <p class="aside">Bidding opens when the countdown reaches zero. It opens by itself.</p>
      );
    case 'live':
      if (room.isOwn.value) return <SellerPanel auction={auction} room={room} />;
      return (
        <>
          {/* A bid that was just accepted says the same, and more. */}
          {room.bidding.notice.value?.tone !== 'good' && (
            <Stake auction={auction} own={room.own.value} leading={room.leading.value} />
          )}
          <LivePanel auction={auction} room={room} signInPossible={signInPossible} />
        </>
      );
  }
}

function LivePanel({ auction, room, signInPossible }: BidPanelProps) {
  if (session.value === null) {
    if (!signInPossible) {
      return <p class="aside">You are watching. Bidding needs a sign-in, which this page lacks.</p>;
    }
    return (
      <div class="stack">
        <button
          type="button"
          class="button button-primary button-large"
          onClick={() => askToSignIn('bid')}
        >
          Sign in to bid
        </button>
        <p class="hint">A name is enough. When you bid, others see only a number.</p>
      </div>
    );
  }
  return (
    <BidBox
      auction={auction}
      own={room.own.value}
      leading={room.leading.value}
      bidding={room.bidding}
    />
  );
}

function Outcome({
  auction,
  ownAlias,
}: {
  readonly auction: AuctionView;
  readonly ownAlias: number | null;
}) {
  const words = outcomeWords(auction, auction.currency, ownAlias);
  if (words === undefined) return null;
  return (
    <div class={`outcome outcome-${words.tone}`} data-testid="outcome">
      {words.tone === 'won' && <TrophyIcon />}
      <strong>{words.title}</strong>
      <p>{words.detail}</p>
      <a class="button" href={lobbyPath('live')}>
        See live auctions
      </a>
    </div>
  );
}
